"""The summary of a small database made here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from tierwise.summary import database_path, display_width, main

Run = Callable[..., tuple[int, str, str]]

PACKAGE_FOLDER = Path(__file__).parents[1]

TIERS = """
    create table {schema}.rpt_tier_summary as
    select *, 'more' as a_later_column
    from (
        values
            (date '2024-06-30', 'rfm_total', true, 'top', 1, 'Top', '顶级', 1200::bigint,
             0.6::double, 1234567.89::decimal(18, 2), 0.75::double),
            (date '2024-06-30', 'rfm_total', true, 'dormant', 4, 'Dormant', '沉睡', 800, 0.4,
             411522.63, 0.25),
            (date '2024-06-30', 'rfm_total', true, 'untiered', 5, 'Untiered', '未分级', 0, 0, 0, 0),
            (date '2024-06-30', 'rfm_total', true, 'guest', 6, 'Guests', '访客', 3, null, 10.00, 0)
    ) as rows (
        as_of_date, policy_name, is_active_policy, tier_code, tier_rank, tier_label_en,
        tier_label_zh, customer_count, customer_share, net_revenue_amount, revenue_share
    )
"""
INPUTS = """
    create table {schema}.rpt_input_reconciliation as
    select *
    from (
        values
            ('orders', 12345::bigint, 12300::bigint, 30::bigint, 5::bigint, 10::bigint, 'x'),
            ('products', 7, 7, 0, 0, 0, 'x')
    ) as rows (
        source_table, read_count, accepted_count, collapsed_count, superseded_count,
        quarantined_count, a_later_column
    )
"""
REASONS = """
    create table {schema}.fct_quarantined_rows as
    select 'orders' as source_table, codes.code as reason_code, 1 as line_number
    from (
        values ('DATE_INVALID', 4), ('AMOUNT_FORMAT', 2), ('A', 1), ('B', 1), ('C', 1), ('D', 1)
    ) as codes (code, times), range(codes.times)
"""
FLAGS = """
    create table {schema}.fct_flagged_rows as
    select codes.source_table, codes.code as reason_code, 1 as a_later_column
    from (
        values ('customers', 'ID_VARIANT', 2), ('orders', 'AMOUNT_OUTLIER', 1)
    ) as codes (source_table, code, times), range(codes.times)
"""
BACKTEST = """
    create table if not exists {schema}.rpt_clv_backtest as
    select *, 'overall' as breakdown, 'all' as clv_group, date '2024-06-30' as as_of_date
    from (
        values
            ('same_rate', true, false, 5120.4::double, 5000::bigint, 1.5::double, 1.55::double,
             null::double),
            ('bg_nbd', false, true, 5010.2, 5000, 1.25, 1.2601, 0.784),
            ('population_mean', true, false, 4000.0, 5000, 2.0, 2.5, null)
    ) as rows (
        model_name, is_baseline, is_selected, expected_orders, actual_order_count,
        mean_absolute_error, holdout_error, interval_probability_share
    )
"""
VALUES = """
    create table if not exists {schema}.fct_customer_clv as
    select rows.clv_method, rows.clv_reason, 1 as a_later_column
    from (
        values ('bg_nbd', 'least_holdout_error', 3), ('fallback', 'history_too_short', 2)
    ) as rows (clv_method, clv_reason, times), range(rows.times)
"""


def make_database(path: Path, *statements: str, schema: str = "main") -> Path:
    """Run the statements; without others, the tables of forecasts are there and empty."""
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute(f'create schema if not exists "{schema}"')
        for statement in statements:
            connection.execute(statement.format(schema=schema))
        for statement in (BACKTEST, VALUES):
            connection.execute(statement.format(schema=f'"{schema}"') + " limit 0")
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(path: Path, schema: str | None = None) -> tuple[int, str, str]:
        monkeypatch.setenv("TIERWISE_DATABASE", str(path))
        if schema is None:
            monkeypatch.delenv("TIERWISE_SCHEMA", raising=False)
        else:
            monkeypatch.setenv("TIERWISE_SCHEMA", schema)
        code = main()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_whole_summary(tmp_path: Path, run: Run) -> None:
    path = make_database(tmp_path / "shop.duckdb", TIERS, INPUTS, REASONS, FLAGS)
    code, out, err = run(path)
    assert (code, err) == (0, "")
    expected = """\
As of      2024-06-30
Customers  2,000
Revenue    1,646,100.52
Policy     rfm_total

Tier                    Customers  Share   Net revenue  Share
top      Top      顶级      1,200  60.0%  1,234,567.89  75.0%
dormant  Dormant  沉睡        800  40.0%    411,522.63  25.0%
guest    Guests   访客          3      -         10.00   0.0%

Rows        Read  Accepted  Collapsed  Superseded  Quarantined
orders    12,345    12,300         30           5           10
products       7         7          0           0            0

Quarantined  10 of 12,352 rows: DATE_INVALID 4, AMOUNT_FORMAT 2, A 1, others 3
Flagged      3, which count: ID_VARIANT 2, AMOUNT_OUTLIER 1

Where to look next
  Database   DATABASE
  Tiers      select * from main.dim_customer_tiers limit 20;
  Sizes      select * from main.rpt_tier_summary;
  Left out   select * from main.fct_quarantined_rows limit 20;
  Flagged    select * from main.fct_flagged_rows limit 20;
  Docs       make docs
  Dashboard  make dashboard
"""
    assert out == expected.replace("DATABASE", str(path))


def test_forecasts_stand_beside_what_they_have_to_beat(tmp_path: Path, run: Run) -> None:
    tables = (TIERS, INPUTS, REASONS, FLAGS, VALUES)
    path = make_database(tmp_path / "shop.duckdb", *tables, BACKTEST)
    assert """
Lifetime value           Expected  Actual orders  Error  Error with total
bg_nbd           chosen     5,010          5,000  1.250             1.260
same_rate                   5,120          5,000  1.500             1.550
population_mean             4,000          5,000  2.000             2.500
bg_nbd errs less than every baseline. Its 80 % intervals held 78%.
At the mean of all: 2 customers, history_too_short 2

Rows   """ in run(path)[1]


def test_a_model_that_does_not_earn_its_place_is_said_to(tmp_path: Path, run: Run) -> None:
    tables = (TIERS, INPUTS, REASONS, FLAGS)
    equal = BACKTEST.replace("1.55::double", "1.2601::double")
    path = make_database(tmp_path / "equal.duckdb", *tables, equal)
    assert "\nbg_nbd is not better than same_rate here. Its 80 %" in run(path)[1]
    unfitted = BACKTEST.replace("('bg_nbd', false, true", "('hiatus_rule', true, false")
    unfitted = unfitted.replace("('population_mean', true, false", "('population_mean', true, true")
    path = make_database(tmp_path / "unfitted.duckdb", *tables, unfitted)
    assert "\nNo model was fitted; these are the baselines a model would have" in run(path)[1]
    others = """
        insert into {schema}.rpt_clv_backtest
        select * replace (date '2024-05-31' as as_of_date, 'older' as model_name)
        from {schema}.rpt_clv_backtest
        union all by name
        select * replace ('group' as clv_group, 'other' as model_name)
        from {schema}.rpt_clv_backtest
        union all by name
        select * replace ('decile' as breakdown, 'decile' as model_name)
        from {schema}.rpt_clv_backtest
    """
    path = make_database(tmp_path / "others.duckdb", *tables, BACKTEST, others)
    forecasts = run(path)[1].split("Lifetime value")[1].split("Rows")[0]
    assert len(forecasts.splitlines()) == 6


@pytest.mark.parametrize("other", ["clv", "value"])
def test_a_policy_beside_the_active_one_is_not_counted_again(
    tmp_path: Path, run: Run, other: str
) -> None:
    beside = """
        insert into {schema}.rpt_tier_summary
        select * replace ('OTHER' as policy_name, false as is_active_policy, 'x' as tier_code)
        from {schema}.rpt_tier_summary
    """.replace("OTHER", other)
    alone = make_database(tmp_path / "alone.duckdb", TIERS, INPUTS, REASONS, FLAGS)
    path = make_database(tmp_path / "shop.duckdb", TIERS, beside, INPUTS, REASONS, FLAGS)
    code, out, _ = run(path)
    assert code == 0
    assert out.replace(str(path), str(alone)) == run(alone)[1]


def test_no_customers(tmp_path: Path, run: Run) -> None:
    path = make_database(
        tmp_path / "shop.duckdb", *(f"{table} limit 0" for table in (TIERS, INPUTS, REASONS, FLAGS))
    )
    code, out, _ = run(path)
    assert code == 0
    assert "As of      (no date: no orders)" in out
    assert "Customers  0" in out
    assert "No customer has an order that counts" in out
    assert "No input rows were read." in out
    assert "Quarantined  " not in out
    assert "Flagged  " not in out.split("Where to look next")[0]


def test_nothing_quarantined_is_no_reason_to_keep_a_flag_quiet(tmp_path: Path, run: Run) -> None:
    path = make_database(tmp_path / "shop.duckdb", TIERS, INPUTS, REASONS + " limit 0", FLAGS)
    code, out, _ = run(path)
    assert code == 0
    assert "Quarantined  " not in out
    assert "0\n\nFlagged      3, which count: ID_VARIANT 2" in out
    path = make_database(tmp_path / "other.duckdb", TIERS, INPUTS, REASONS, FLAGS + " limit 0")
    code, out, _ = run(path)
    assert code == 0
    assert "\n\nQuarantined  10 of 12,352 rows" in out
    assert "Flagged      3" not in out


def test_tiers_that_are_all_empty(tmp_path: Path, run: Run) -> None:
    empty = """
        create table {schema}.rpt_tier_summary as
        select
            null::date as as_of_date, 'rfm_total' as policy_name, true as is_active_policy,
            'top' as tier_code, 1 as tier_rank, 'Top' as tier_label_en, '顶级' as tier_label_zh,
            0::bigint as customer_count, null::double as customer_share,
            null::decimal(18, 2) as net_revenue_amount, null::double as revenue_share
    """
    path = make_database(tmp_path / "shop.duckdb", empty, INPUTS, REASONS, FLAGS)
    code, out, _ = run(path)
    assert code == 0
    assert "top   Top  顶级          0      -         0.00      -" in out


def test_only_the_latest_as_of_date_counts(tmp_path: Path, run: Run) -> None:
    older = """
        insert into {schema}.rpt_tier_summary
        select * replace (date '2024-05-31' as as_of_date) from {schema}.rpt_tier_summary
    """
    path = make_database(tmp_path / "shop.duckdb", TIERS, older, INPUTS, REASONS, FLAGS)
    _, out, _ = run(path)
    assert "As of      2024-06-30" in out
    assert "Customers  2,000" in out


@pytest.mark.parametrize("schema", ["tiers", 'odd "name"; drop'])
def test_another_schema(tmp_path: Path, run: Run, schema: str) -> None:
    quoted = schema.replace('"', '""')
    path = tmp_path / "shop.duckdb"
    make_database(path, *(s.replace("{schema}", f'"{quoted}"') for s in (TIERS,)), schema=quoted)
    make_database(path, *(s.replace("{schema}", f'"{quoted}"') for s in (INPUTS, REASONS, FLAGS)))
    code, out, _ = run(path, schema)
    assert code == 0
    assert "Customers  2,000" in out
    assert run(path)[0] == 1


def test_a_missing_database_is_named_with_the_cure(tmp_path: Path, run: Run) -> None:
    code, out, err = run(tmp_path / "none.duckdb")
    assert (code, out) == (1, "")
    assert f"There is no database at {tmp_path / 'none.duckdb'}: run `make build` first." in err
    assert not (tmp_path / "none.duckdb").exists()


def test_a_missing_table_is_named_with_the_cure(tmp_path: Path, run: Run) -> None:
    path = make_database(tmp_path / "shop.duckdb", TIERS, INPUTS)
    code, _, err = run(path)
    assert code == 1
    assert "has no table fct_quarantined_rows, fct_flagged_rows in schema main: run" in err
    assert "run `make build` first." in err


def test_a_table_without_a_needed_column_and_a_file_that_is_no_database(
    tmp_path: Path, run: Run
) -> None:
    path = make_database(
        tmp_path / "shop.duckdb", TIERS, INPUTS, FLAGS, "create table fct_quarantined_rows (a int)"
    )
    code, _, err = run(path)
    assert code == 1
    assert "is not what a build writes" in err
    other = tmp_path / "text.duckdb"
    other.write_text("not a database\n" * 100)
    code, _, err = run(other)
    assert code == 1
    assert "run `make build`" in err


def test_the_database_is_looked_for_where_the_build_puts_it() -> None:
    assert database_path({"TIERWISE_DATABASE": "/a/b.duckdb", "DBT_PROJECT_DIR": "/p"}) == Path(
        "/a/b.duckdb"
    )
    assert database_path({"DBT_PROJECT_DIR": "/p"}) == Path("/p/tierwise.duckdb")
    assert database_path({}) == Path("tierwise.duckdb")


def test_wide_characters_take_two_cells_and_combining_ones_none() -> None:
    assert display_width("Top") == 3
    assert display_width("顶级") == 4
    assert display_width("\uff21\uff22") == 4
    assert display_width("cafe\u0301") == 4


def test_as_a_program_in_an_ascii_terminal(tmp_path: Path) -> None:
    path = make_database(tmp_path / "shop.duckdb", TIERS, INPUTS, REASONS, FLAGS)
    result = subprocess.run(
        [sys.executable, "-m", "tierwise.summary"],
        env=os.environ
        | {
            "TIERWISE_DATABASE": str(path),
            "PYTHONPATH": str(PACKAGE_FOLDER),
            "PYTHONIOENCODING": "ascii",
        },
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()
    assert b"1,646,100.52" in result.stdout
