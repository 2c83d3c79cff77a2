"""The dashboard in a real browser, without a network: what its pages say is what the marts hold.

Drawn from The Complete Journey, published as `make build` would, and opened in the Chromium of the
system in both languages, at the width of a desk and of a telephone. Then served, filtered,
searched, and published anew while it is served.
"""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from harness import PROJECT, Build, dbt_environment
from tierwise.boards import LANGUAGES, ORDER
from tierwise.photographs import browser, chromium
from tierwise.publish import Plan, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Page

CHARTS = PROJECT / ".venv-charts" / "bin"
WIDE, NARROW = 1280, 390
MINUS = "\u2212"
BOARDS = [(board, language) for language in LANGUAGES for board in ORDER]


@dataclass(frozen=True)
class Dashboard:
    """A published file, and the pages drawn from it."""

    published: Path
    pages: Path
    printed: str

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.published), read_only=True) as connection:
            return connection.execute(sql, parameters).fetchall()


def boards_environment(published: Path) -> dict[str, str]:
    return dbt_environment() | {
        "TIERWISE_PUBLISHED": str(published),
        "PYTHONPATH": str(PROJECT / "python"),
    }


@pytest.fixture
def needs(leave_unchecked: Callable[[str], None]) -> None:
    if chromium() is None:
        leave_unchecked("Chromium is not installed (Debian and Ubuntu: apt-get install chromium).")
    if not (CHARTS / "dct").exists():
        leave_unchecked("dbt-charts is not set up: make .venv-charts/requirements.txt")


@pytest.fixture(scope="module")
def drawn(demo: Build, tmp_path_factory: pytest.TempPathFactory) -> Dashboard:
    folder = tmp_path_factory.mktemp("dashboard")
    database = folder / demo.database.name
    shutil.copy(demo.database, database)
    published = folder / "published" / "tierwise.duckdb"
    publish(database, "main", Plan(published))
    finished = subprocess.run(
        [
            *(CHARTS / "python", "-m", "tierwise.boards", "render"),
            *("--charts", PROJECT / "charts", "--output", folder / "pages"),
        ],
        cwd=folder,
        env=boards_environment(published),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    return Dashboard(published, folder / "pages", finished.stdout)


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    with browser() as program:
        yield program


@dataclass
class Visit:
    """A page that is open, and what happened on it that must not."""

    page: Page
    trouble: list[str]

    def texts(self, chart: str, width: str = "wide") -> list[str]:
        """Return the texts of a chart, or of a figure, in the order they are drawn in."""
        scope = f".board-{width} " if self.page.locator(f".board-{width}").count() else ""
        found = self.page.locator(f'{scope}[id="chart-{chart}"] text').all_text_contents()
        return [text.strip() for text in found if text.strip()]

    def marks(self, chart: str) -> list[list[str]]:
        """Return what the bars and points of a chart say when they are pointed at."""
        labels = self.page.locator(f'.board-wide [id="chart-{chart}"] [aria-label]')
        found = labels.evaluate_all("marks => marks.map(mark => mark.getAttribute('aria-label'))")
        # Characters that nobody sees tell the parts of a label apart.
        said = [re.sub(r"[\u200b-\u206f]", "", label) for label in found if "\u2061" in label]
        return [label.split("; ") for label in said]


@pytest.fixture
def visit(opened: Browser) -> Iterator[Callable[[str, int], Visit]]:
    contexts = []

    def open_at(address: str, width: int) -> Visit:
        context = opened.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        trouble: list[str] = []

        def watch(route: Any) -> None:  # noqa: ANN401 - of playwright
            url = route.request.url
            if url.startswith(("file:", "data:", "blob:", "http://127.0.0.1:")):
                route.continue_()
            else:
                trouble.append(f"asked for {url}")
                route.abort()

        context.route("**/*", watch)
        page = context.new_page()

        def hear(message: Any) -> None:  # noqa: ANN401 - of playwright
            # The only file that the pages do not have and browsers ask for by themselves.
            if message.type == "error" and "favicon" not in message.location.get("url", ""):
                trouble.append(f"console: {message.text}")

        page.on("console", hear)
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.goto(address, wait_until="domcontentloaded")
        page.evaluate("document.fonts.ready")
        return Visit(page, trouble)

    yield open_at
    for context in contexts:
        context.close()


def shown(value: Any, spec: str) -> str:  # noqa: ANN401 - of a query
    """Write a value as the board's format does; the unit of a percentage stands in one row only."""
    if value is None or value == "":
        return "—"
    if spec == "":
        return str(value)
    if spec == "percent":
        value, spec = float(value) * 100, ",.1f"
    number = value if isinstance(value, Decimal) else Decimal(value)
    # Halves away from 0, as browsers do; Python alone would round them to the even digit.
    places = Decimal(1).scaleb(-int(spec[2]))
    text = f"{number.quantize(places, ROUND_HALF_UP):,}"
    # What is rounded to nothing has no sign.
    return text.removeprefix("-") if not text.strip("-0.") else text.replace("-", MINUS)


def rows_shown(rows: Sequence[Sequence[object]], specs: Sequence[str]) -> list[str]:
    return [shown(value, spec) for row in rows for value, spec in zip(row, specs, strict=True)]


def assert_shows(found: list[str], expected: list[str]) -> None:
    """The values stand in the table one after the other, with nothing in between or after them."""
    assert expected
    cells = [text.removesuffix("%") for text in found]
    plain = [text.removesuffix("%") for text in expected]
    assert cells[-len(plain) :] == plain


@pytest.mark.usefixtures("needs")
def test_a_page_of_each_board_is_drawn_and_named(drawn: Dashboard) -> None:
    expected = [drawn.pages / language / f"{board}.html" for board, language in BOARDS]
    assert drawn.printed.splitlines() == [str(page) for page in expected]
    for page in expected:
        assert 300_000 < page.stat().st_size < 3_000_000


@pytest.mark.usefixtures("needs")
@pytest.mark.parametrize(("board", "language"), BOARDS)
def test_pages_need_nothing_else_and_fit_desk_and_telephone(
    drawn: Dashboard, visit: Callable[[str, int], Visit], board: str, language: str
) -> None:
    address = (drawn.pages / language / f"{board}.html").as_uri()
    for width, kind, other in ((WIDE, "wide", "narrow"), (NARROW, "narrow", "wide")):
        here = visit(address, width)
        assert here.trouble == []
        assert here.page.locator(f".board-{kind}").is_visible()
        assert not here.page.locator(f".board-{other}").is_visible()
        assert here.page.evaluate("document.documentElement.scrollWidth") <= width
        text = here.page.locator("body").inner_text()
        assert "ERR-" not in text
        assert ("客户" in text) == (language == "zh")
        heights = here.page.locator(f".board-{kind} text").evaluate_all(
            "texts => texts.filter(text => text.textContent.trim())"
            ".map(text => text.getBoundingClientRect().height)"
        )
        # Below this, letters cannot be read.
        assert heights
        assert min(height for height in heights if height) > 8
        # No chart is a title without a drawing.
        charts = here.page.locator(f'.board-{kind} [id*="chart-"]').all()
        assert len(charts) >= 4
        for chart in charts:
            assert chart.locator("text").count() > 1, chart.get_attribute("id")


@pytest.mark.usefixtures("needs")
@pytest.mark.parametrize("language", LANGUAGES)
def test_overview_shows_the_marts(
    drawn: Dashboard, visit: Callable[[str, int], Visit], language: str
) -> None:
    here = visit((drawn.pages / language / "overview.html").as_uri(), WIDE)
    active = "from rpt_tier_summary where is_active_policy"
    [(customers, revenue, as_of)] = drawn.query(
        f"select sum(customer_count), sum(net_revenue_amount), max(as_of_date) {active}"
    )
    assert here.texts("customers")[0] == f"{customers:,}" == "2,469"
    assert here.texts("revenue")[0] == f"{revenue:,.2f}"
    assert here.texts("as_of")[0] == str(as_of)
    tiers = drawn.query(
        f"select tier_label_{language}, customer_count, customer_share, net_revenue_amount, "
        f"revenue_share, revenue_per_customer_amount {active} and customer_count > 0 "
        "order by tier_rank"
    )
    assert len(tiers) == 4
    specs = ("", ",.0f", "percent", ",.2f", "percent", ",.2f")
    assert_shows(here.texts("tiers"), rows_shown(tiers, specs))
    bars = {(label[0], label[1]): label[3] for label in here.marks("shares")}
    assert len(bars) == 8
    for name, value in (("customers", 2), ("net revenue", 4)):
        spoken = name if language == "en" else {"customers": "客户", "net revenue": "净收入"}[name]
        for tier in tiers:
            assert bars[spoken, tier[0]] == f"share: {shown(tier[value] * 100, ',.0f')}%"
    concentration = drawn.query(
        "select member_count, top_1, top_10, top_20_percent_share, gini_coefficient "
        "from rpt_abc_concentration inner join (select subject, "
        "max(top_amount_share) filter (top_percent = 1) as top_1, "
        "max(top_amount_share) filter (top_percent = 10) as top_10 "
        "from rpt_abc_concentration_curve group by subject) using (subject) order by subject"
    )
    names = {"en": ("customers", "products"), "zh": ("客户", "商品")}[language]
    rows = [(name, *row) for name, row in zip(names, concentration, strict=True)]
    specs = ("", ",.0f", "percent", "percent", "percent", ",.2f")
    assert_shows(here.texts("concentration"), rows_shown(rows, specs))
    curve = drawn.query(
        "select top_amount_share from rpt_abc_concentration_curve where subject = 'customer' "
        "order by top_percent"
    )
    points = [label[3].split(": ")[1] for label in here.marks("pareto") if label[1] == names[0]]
    assert points == ["0%", *(f"{shown(share * 100, ',.0f')}%" for (share,) in curve)]


PERIODS = "from rpt_tier_kpis where is_active_policy and is_complete_period and tier_code = '_all'"
KPIS = ("period", "members", "up", "down", "migration", "retention")


def movements_of(drawn: Dashboard, period: str) -> list[str]:
    rows = drawn.query(
        "select cast(period_end_date as varchar), member_count_start, up_count, down_count, "
        f"migration_rate_share, retention_share {PERIODS} and period_end_date = ?",
        period,
    )
    return rows_shown(rows, ("", ",.0f", ",.0f", ",.0f", "percent", "percent"))


def assert_movements(here: Visit, drawn: Dashboard, period: str, language: str) -> None:
    """Key figures, bands and cells are those of the period."""
    figures = [here.texts(f"{name}_kpi")[0].removesuffix("%") for name in KPIS]
    assert figures == movements_of(drawn, period)
    named = (
        f"select tier_code, tier_label_{language} as tier from rpt_tier_summary "  # noqa: S608 - a language
        "where is_active_policy"
    )
    gone = {"en": "gone", "zh": "流失"}[language]
    cells = drawn.query(
        "select transition_probability from rpt_tier_migration_matrix "
        "where is_active_policy and period_end_date = ? and from_tier_code <> '_new' "
        "order by from_tier_rank, to_tier_rank",
        period,
    )
    assert_shows(here.texts("probabilities"), rows_shown(cells, ("percent",)))
    after = drawn.query(
        f"select coalesce(any_value(tier), '{gone}') || ' ' || "  # noqa: S608 - above
        "format('{:,}', sum(customer_count)::bigint) "
        f"from rpt_tier_migration_matrix left join ({named}) on to_tier_code = tier_code "
        "where is_active_policy and period_end_date = ? and customer_count > 0 "
        "group by to_tier_code, to_tier_rank order by to_tier_rank",
        period,
    )
    assert_shows(here.texts("flows"), rows_shown(after, ("",)))


@pytest.mark.usefixtures("needs")
@pytest.mark.parametrize("language", LANGUAGES)
def test_movements_show_the_marts(
    drawn: Dashboard, visit: Callable[[str, int], Visit], language: str
) -> None:
    here = visit((drawn.pages / language / "movements.html").as_uri(), WIDE)
    [(latest,)] = drawn.query(f"select max(period_end_date) {PERIODS}")
    assert_movements(here, drawn, str(latest), language)
    rates = drawn.query(
        "select cast(period_end_date as varchar), member_count_start, up_count, down_count, "
        "net_share, migration_rate_share, retention_share, value_growth_share "
        f"{PERIODS} order by period_end_date desc"
    )
    assert len(rates) == 11
    specs = ("", ",.0f", ",.0f", ",.0f", "percent", "percent", "percent", "percent")
    assert_shows(here.texts("rates"), rows_shown(rates, specs))
    tiers = "from rpt_tier_kpis where is_active_policy and is_complete_period and tier_rank <= 4"
    sizes = drawn.query(f"select member_count_end {tiers} and tier_code <> '_all'")
    said = [label[3].split(": ")[1] for label in here.marks("sizes")]
    assert sorted(said) == sorted(f"{size:,}" for (size,) in sizes)
    growth = drawn.query(f"select within_growth_share, mix_growth_share {PERIODS}")
    said = [label[3].split(": ")[1] for label in here.marks("growth")]
    assert sorted(said) == sorted(
        f"{shown(part * 100, ',.0f')}%" for parts in growth for part in parts
    )
    outlook = drawn.query(
        "select expected_members from rpt_tier_outlook where is_active_policy and tier_code in "
        "(select tier_code from rpt_tier_summary where is_active_policy)"
    )
    said = [float(label[3].split(": ")[1].replace(",", "")) for label in here.marks("outlook")]
    assert len(said) == 48
    assert sorted(said) == pytest.approx(sorted(row[0] for row in outlook), abs=0.006)
    errors = drawn.query(
        "select max(outlook_mean_absolute_error), max(naive_mean_absolute_error) "
        "from rpt_tier_outlook_backtest where is_active_policy"
    )
    assert_shows(here.texts("record"), rows_shown(errors, (",.1f", ",.1f")))


@pytest.mark.usefixtures("needs")
@pytest.mark.parametrize("language", LANGUAGES)
def test_segments_show_the_marts(
    drawn: Dashboard, visit: Callable[[str, int], Visit], language: str
) -> None:
    here = visit((drawn.pages / language / "segments.html").as_uri(), WIDE)
    cells = {
        (frequency, recency): count
        for frequency, recency, count in drawn.query(
            "select f_score, r_score, count(*) from fct_customer_rfm_scores group by 1, 2"
        )
    }
    rows = [(cells.get((f, r), 0),) for f in range(5, 0, -1) for r in range(1, 6)]
    assert_shows(here.texts("map"), rows_shown(rows, (",.0f",)))
    for chart, bars, label in (
        ("sizes", "segments", "segment"),
        ("value_sizes", "value_segments", "value_segment"),
    ):
        rows = drawn.query(
            f"select {label}_label_{language}, count(*), sum(lifetime_net_revenue_amount) as r "  # noqa: S608 - above
            f"from dim_customer_tiers where {label}_code is not null group by 1 order by r desc"
        )
        assert_shows(here.texts(chart), rows_shown(rows, ("", ",.0f", ",.2f")))
        said = {mark[0]: mark[1].split(": ")[1].replace(",", "") for mark in here.marks(bars)}
        assert {name: Decimal(text) for name, text in said.items()} == {
            name: revenue for name, _, revenue in rows
        }


@pytest.mark.usefixtures("needs")
@pytest.mark.parametrize("language", LANGUAGES)
def test_lifetime_value_shows_the_marts(
    drawn: Dashboard, visit: Callable[[str, int], Visit], language: str
) -> None:
    here = visit((drawn.pages / language / "lifetime_value.html").as_uri(), WIDE)
    backtest = drawn.query(
        "select actual_order_count, expected_orders, mean_absolute_error, holdout_error, "
        "interval_probability_share, is_selected, is_baseline from rpt_clv_backtest "
        "where breakdown = 'overall' and clv_group = 'all' order by holdout_error"
    )
    kinds = {"en": ("selected", "simple rule"), "zh": ("选用", "简单规则")}[language]
    found = here.texts("backtest")[-7 * len(backtest) :]
    for place, row in enumerate(backtest):
        kind = kinds[0] if row[5] else kinds[1] if row[6] else None
        expected = rows_shown([(kind, *row[:5])], ("", ",.0f", ",.0f", ",.2f", ",.2f", "percent"))
        assert_shows(found[7 * place : 7 * place + 7], expected)
    calibration = drawn.query(
        "select probability_of_order, actual_order_share from rpt_clv_calibration "
        "where is_selected and clv_group = 'all' order by 1"
    )
    perfect = {"en": "perfect", "zh": "理想"}[language]
    said = [
        (float(mark[0]), mark[3].split(": ")[1])
        for mark in here.marks("calibration")
        if mark[1] != perfect
    ]
    assert [share for _, share in said] == [
        f"{shown(share * 100, ',.0f')}%" for _, share in calibration
    ]
    assert [x for x, _ in said] == pytest.approx([x for x, _ in calibration], abs=1e-8)
    bins = drawn.query("select customer_count from rpt_clv_distribution order by clv_bin")
    assert sum(count for (count,) in bins) == 2469
    # A bar and its label say the same.
    said_bins = {mark[0]: mark[1].split(": ")[1] for mark in here.marks("bins")}
    assert list(said_bins.values()) == [f"{count:,}" for (count,) in bins]
    top = drawn.query(
        "select customer_id, clv_amount, clv_lower_amount, clv_upper_amount, expected_orders, "
        "probability_alive from fct_customer_clv order by clv_amount desc, customer_id limit 20"
    )
    specs = ("", ",.0f", ",.0f", ",.0f", ",.1f", "percent")
    assert_shows(here.texts("top"), rows_shown(top, specs))


@pytest.mark.usefixtures("needs")
@pytest.mark.parametrize("language", LANGUAGES)
def test_data_quality_shows_the_marts(
    drawn: Dashboard, visit: Callable[[str, int], Visit], language: str
) -> None:
    here = visit((drawn.pages / language / "data_quality.html").as_uri(), WIDE)
    files = drawn.query(
        "select source_table, source_file, read_count, accepted_count, collapsed_count, "
        "superseded_count, quarantined_count, left_out_count from rpt_input_reconciliation "
        "order by 1, 2"
    )
    assert len(files) == 4
    assert_shows(here.texts("reconciliation"), rows_shown(files, ("", "", *[",.0f"] * 6)))
    for chart, column in (("read", 2), ("accepted", 3), ("quarantined", 6)):
        assert here.texts(chart)[0] == f"{sum(row[column] for row in files):,}"
    reasons = drawn.query(
        "select source_table, reason_code, verdict, severity, sum(row_count), "
        "sum(affected_amount) from rpt_data_quality group by 1, 2, 3, 4 order by 5 desc, 1, 2"
    )
    assert_shows(here.texts("reasons"), rows_shown(reasons, ("", "", "", "", ",.0f", ",.2f")))
    build = drawn.query(
        "select count(*), sum(row_count), any_value(build_id), any_value(settings_hash) "
        "from _publish_info"
    )
    assert_shows(here.texts("build"), rows_shown(build, (",.0f", ",.0f", "", "")))


# --- Served --------------------------------------------------------------------------------------


@dataclass
class Server:
    """`make serve`, what it has printed, and where it answers."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def wait_for(self, text: str, seconds: float = 90) -> None:
        until = time.monotonic() + seconds
        while text not in self.printed():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < until, self.printed()
            time.sleep(0.2)

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def start_serving(published: Path, folder: Path, port: int) -> subprocess.Popen[bytes]:
    # Tests begun in the background of a script inherit that Ctrl-C is ignored, and hand it down.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with (folder / "serve.txt").open("wb") as output:
        return subprocess.Popen(
            [
                *(CHARTS / "python", "-m", "tierwise.boards", "serve"),
                *("--charts", PROJECT / "charts", "--port", str(port)),
            ],
            cwd=folder,
            env=boards_environment(published),
            stdout=output,
            stderr=subprocess.STDOUT,
        )


@pytest.fixture(scope="module")
def served(drawn: Dashboard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serve")
    # A file of its own, to be published anew.
    published = folder / "tierwise.duckdb"
    shutil.copy(drawn.published, published)
    port = free_port()
    server = Server(start_serving(published, folder, port), port, folder / "serve.txt")
    try:
        server.wait_for("Ctrl-C ends it.")
        yield server
    finally:
        server.process.terminate()
        server.process.wait(timeout=30)


@pytest.mark.usefixtures("needs")
def test_filters_change_the_numbers(
    drawn: Dashboard, served: Server, visit: Callable[[str, int], Visit]
) -> None:
    here = visit(served.address("en/movements/"), WIDE)
    [(latest,)] = drawn.query(f"select max(period_end_date) {PERIODS}")
    assert_movements(here, drawn, str(latest), "en")
    chosen = "2017-06-30"
    here.page.locator("[data-dbt-variable=period] text").last.click()
    here.page.locator(f'.dbt-select-option[data-value="{chosen}"]').click()
    here.page.locator('[id="chart-period_kpi"]', has_text=chosen).wait_for()
    assert_movements(here, drawn, chosen, "en")
    assert movements_of(drawn, chosen) != movements_of(drawn, str(latest))
    assert here.trouble == []


@pytest.mark.usefixtures("needs")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_search_finds_one_customer(
    drawn: Dashboard, served: Server, visit: Callable[[str, int], Visit], language: str
) -> None:
    [(customer, tier, segment, abc_class, revenue, orders)] = drawn.query(
        f"select customer_id, tier_label_{language}, segment_label_{language}, abc_class, "  # noqa: S608 - a language
        "lifetime_net_revenue_amount, lifetime_order_count from dim_customer_tiers "
        "where tier_code = 'potential' order by clv_amount desc, customer_id limit 1"
    )
    here = visit(served.address(f"{language}/customers/"), WIDE)
    assert customer not in here.texts("today")
    here.page.locator("[data-dbt-variable=customer] text").last.click()
    here.page.keyboard.type(customer)
    here.page.keyboard.press("Enter")
    here.page.locator('[id="chart-today"] text', has_text=re.compile(f"^{customer}$")).wait_for()
    assert here.texts("today")[-9:-3] == rows_shown(
        [(customer, tier, segment, abc_class, revenue, orders)],
        ("", "", "", "", ",.2f", ",.0f"),
    )
    why = drawn.query(
        f"select explanation_{language}, moved_{language} from fct_tier_explanations "  # noqa: S608 - a language
        "where customer_id = ? order by period_end_date desc",
        customer,
    )
    assert len(why) == 2
    page = re.sub(r"\s", "", "".join(here.texts("why")))
    for text in (text for row in why for text in row if text):
        assert re.sub(r"\s", "", text) in page
    missing = drawn.query(
        "select missing_points, missing_days, missing_orders, missing_amount "
        "from fct_tier_explanations where customer_id = ? and is_latest_period",
        customer,
    )
    assert any(value is not None for value in missing[0])
    assert_shows(here.texts("missing"), rows_shown(missing, (",.0f", ",.0f", ",.0f", ",.2f")))
    history = drawn.query(
        f"select cast(period_end_date as varchar), tier_label_{language}, metric_value, "  # noqa: S608 - a language
        "next_tier_distance, value_amount from fct_customer_tier_periods as periods "
        "inner join rpt_tier_summary as named using (policy_name, tier_code) "
        "where customer_id = ? and is_active_policy order by period_end_date desc",
        customer,
    )
    found = here.texts("steps")[-6 * len(history) :]
    # Without the reason, whose words are the board's.
    plain = [text for place, text in enumerate(found) if place % 6 != 2]
    assert_shows(plain, rows_shown(history, ("", "", ",.0f", ",.0f", ",.2f")))
    assert here.trouble == []


@pytest.mark.usefixtures("needs")
def test_nobody_is_found_for_an_unknown_id(
    served: Server, visit: Callable[[str, int], Visit]
) -> None:
    here = visit(served.address("en/customers/?customer=' or true --"), WIDE)
    assert here.texts("today")[-1] == "—"
    assert "ERR-" not in here.page.locator("body").inner_text()


@pytest.mark.usefixtures("needs")
def test_a_port_that_is_taken_is_said(drawn: Dashboard, served: Server, tmp_path: Path) -> None:
    process = start_serving(drawn.published, tmp_path, served.port)
    assert process.wait(timeout=30) == 1
    printed = (tmp_path / "serve.txt").read_text(encoding="utf-8")
    assert f"Port {served.port} of 127.0.0.1 cannot be used" in printed
    assert "make serve PORT=8001" in printed


@pytest.mark.usefixtures("needs")
def test_a_new_publication_is_served_and_ctrl_c_ends_it(
    drawn: Dashboard, served: Server, visit: Callable[[str, int], Visit]
) -> None:
    # This machine alone: no other address of it answers.
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for other in others - {"127.0.0.1", "127.0.1.1", "::1"}:
        with socket.socket(socket.AF_INET6 if ":" in other else socket.AF_INET) as knocking:
            assert knocking.connect_ex((other, served.port)) != 0
    assert visit(served.address("en/overview/"), WIDE).texts("customers")[0] == "2,469"
    published = served.log.with_name("tierwise.duckdb")
    new = published.with_name("new.duckdb")
    shutil.copy(drawn.published, new)
    with duckdb.connect(str(new)) as connection:
        connection.execute(
            "update rpt_tier_summary set customer_count = customer_count + 1000 "
            "where is_active_policy and tier_rank = 1"
        )
    new.replace(published)
    served.wait_for("A new publication is served.")
    assert visit(served.address("en/overview/"), WIDE).texts("customers")[0] == "3,469"
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(timeout=30) == 0
    assert served.printed().endswith("Ended.\n")
    with socket.socket() as knocking:
        assert knocking.connect_ex(("127.0.0.1", served.port)) != 0
