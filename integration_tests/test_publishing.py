"""Readers of the published file never meet anything but one whole, tested build.

Three builds are published while somebody reads all the time; publications and builds are killed
(SIGKILL): 20 publications, two of them at their first file and at the swap and the others at seeded
moments, and three builds, or twenty with TIERWISE_FULL=1, at seeded moments.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import yaml
from background import made_in_background
from harness import BUILD, DATABASE, DUCKDB_1, PROJECT, dbt_environment, write_csv
from step_runs import ParsedProject, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KILLED_PUBLICATIONS = 20
KILLED_BUILDS = 20 if os.environ.get("TIERWISE_FULL") == "1" else 3
READS = 500
HEADER = "order_id,customer_id,ordered_at,amount"

# Reads as a BI tool would, in a process of its own, until a file says stop: one line for each read,
# with the builds that the tables come from. A table whose rows are not those of its checksum counts
# as another build.
# DuckDB takes `python -c` for a person, and draws a progress bar when a query takes two seconds.
READER = """
import json, pathlib, sys, duckdb
published, stop = map(pathlib.Path, sys.argv[1:])
while not stop.exists():
    try:
        with duckdb.connect(str(published), read_only=True) as connection:
            connection.execute("set enable_progress_bar = false")
            info = connection.execute("from _publish_info").fetchall()
            builds = {row[0] for row in info}
            for _, _, _, table, count, checksum, _ in info:
                [found] = connection.execute(
                    "select count(*), cast(coalesce(sum(md5_number_lower(content)), 0) as varchar) "
                    f'from (select cast(to_json(t) as varchar) as content from "{table}" as t)'
                ).fetchall()
                if found != (count, checksum):
                    builds.add(f"{table} of another build")
        print(json.dumps({"builds": sorted(builds), "tables": len(info)}), flush=True)
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
"""


def nodes(project: ParsedProject) -> list[dict[str, Any]]:
    """Return the models, seeds and data tests of the project, as dbt describes them."""
    manifest = json.loads(project.manifest.with_name("manifest.json").read_text(encoding="utf-8"))
    return list(manifest["nodes"].values())


@dataclass(frozen=True)
class Shop:
    """A shop that is built in ``folder``, and what its readers open."""

    project: ParsedProject
    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def published(self) -> Path:
        return self.folder / "published" / "tierwise.duckdb"

    def step(self, *arguments: str) -> Step:
        path = str(self.folder / "in" / "*.csv")
        return Step(self.folder, arguments or BUILD, {"inputs": {"orders": {"path": path}}})

    def deliver(self, number: int) -> None:
        """Add thirty customers, each with orders of their own."""
        lines = [
            f"{number}-{customer}-{place},c{number}-{customer},"
            f"{2023 + place // 12}-{place % 12 + 1:02}-{1 + customer % 28:02}T10:00:00,"
            f"{10 + customer * (place + 3) % 90}.50"
            for customer in range(30)
            for place in range(number, 20, 1 + customer % 4)
        ]
        write_csv(self.folder / "in" / f"{number}.csv", HEADER, lines)

    def environment(self) -> dict[str, str]:
        return dbt_environment() | {
            "TIERWISE_DATABASE": str(self.database),
            "TIERWISE_PUBLISHED": str(self.published),
            "PYTHONPATH": str(PROJECT / "python"),
        }

    def publishing(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tierwise.publish"],
            env=self.environment(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def publish(self) -> tuple[int, str]:
        process = self.publishing()
        printed, _ = process.communicate()
        return process.returncode, printed

    def copy(self, folder: Path) -> Shop:
        shutil.copytree(self.folder, folder)
        return Shop(self.project, folder)

    def build_id(self) -> str:
        with duckdb.connect(str(self.published), read_only=True) as connection:
            [(build,)] = connection.execute("select min(build_id) from _publish_info").fetchall()
        return str(build)

    def state(self) -> str:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            [(state,)] = connection.execute("select build_state from _build").fetchall()
        return str(state)

    def whole_build_is_seen(self, python_path: Path | None = None) -> str:
        """Read as readers do, once; returns the build they see."""
        stop = self.folder / "stop"
        reader = subprocess.Popen(
            [sys.executable, "-c", READER, self.published, stop],
            env=dbt_environment({"PYTHONPATH": str(python_path)} if python_path else None),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert reader.stdout is not None
        first = json.loads(reader.stdout.readline())
        stop.touch()
        reader.communicate()
        stop.unlink()
        [build] = first["builds"]
        return str(build)


@dataclass(frozen=True)
class Watched:
    shop: Shop
    built: list[str]
    reads: list[dict[str, Any]]


@made_in_background
def watched(folder: Path) -> Watched:
    shop = Shop(ParsedProject(folder / "parsed", {}), folder / "shop")
    built: list[str] = []
    stop = folder / "stop"
    reader: subprocess.Popen[bytes] | None = None
    log = folder / "reads"
    with log.open("wb") as output:
        while len(built) < 4 or (len(log.read_bytes().splitlines()) < READS and len(built) < 12):
            # On a machine with other work three builds may end before enough reads: more follow.
            if len(built) < 4:
                shop.deliver(len(built))
            [report] = shop.project.run(folder, [shop.step()])
            assert report.success, report.output
            code, printed = shop.publish()
            assert code == 0, printed
            built.append(shop.build_id())
            if reader is None:
                reader = subprocess.Popen(
                    [sys.executable, "-c", READER, shop.published, stop], stdout=output
                )
        # The last build has its readers, too.
        time.sleep(1)
        stop.touch()
        assert reader is not None
        assert reader.wait() == 0
    reads = [json.loads(line) for line in log.read_text().splitlines()]
    return Watched(shop, built, reads)


def test_readers_see_one_build_at_a_time_while_three_are_published(watched: Watched) -> None:
    assert len(watched.reads) >= READS
    assert [read for read in watched.reads if "error" in read] == []
    seen = [tuple(read["builds"]) for read in watched.reads]
    assert [build for number, build in enumerate(seen) if [build] != seen[number - 1 : number]] == [
        (build,) for build in watched.built
    ]
    assert {read["tables"] for read in watched.reads} == {
        sum(node.get("access") == "public" for node in nodes(watched.shop.project))
    }


def test_the_oldest_duckdb_that_is_promised_reads_it(watched: Watched) -> None:
    version = [sys.executable, "-c", "import duckdb; print(duckdb.__version__)"]
    environment = dbt_environment({"PYTHONPATH": str(DUCKDB_1)})
    found = subprocess.run(version, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.startswith("1.2.")
    assert watched.shop.whole_build_is_seen(DUCKDB_1) == watched.built[-1]


@pytest.fixture(scope="module")
def two_builds(watched: Watched, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop whose last build was not published yet: readers have the one before."""
    shop = watched.shop.copy(tmp_path_factory.mktemp("two") / "shop")
    shop.deliver(7)
    [report] = shop.project.run(shop.folder, [shop.step()])
    assert report.success, report.output
    return shop


def wait_until(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for something that a process does; it is left to be reaped where it ends before."""
    while not happened():
        ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        assert ended is None or happened(), process.communicate()[0]
        time.sleep(0.001)


def test_killed_publications_leave_one_build_or_the_other(
    watched: Watched, two_builds: Shop, tmp_path: Path
) -> None:
    calm = two_builds.copy(tmp_path / "calm")
    start = time.monotonic()
    assert calm.publish()[0] == 0
    duration = time.monotonic() - start
    old, new = watched.built[-1], calm.build_id()
    assert old != new
    chance = random.Random(6)  # noqa: S311 - not a secret
    seen = []
    for trial in range(KILLED_PUBLICATIONS):
        shop = two_builds.copy(tmp_path / str(trial))
        read = shop.published.stat().st_ino
        process = shop.publishing()
        # Two kills wait for the first file and for the swap, since no share of the duration meets
        # them on every machine.
        if trial == 0:
            wait_until(lambda shop=shop: any(shop.published.parent.rglob(".*")), process)
        elif trial == 1:
            wait_until(lambda shop=shop, read=read: shop.published.stat().st_ino != read, process)
        else:
            # The first third is Python that starts; what matters comes after it.
            part = (trial + chance.random()) / KILLED_PUBLICATIONS
            time.sleep(duration * (0.3 + 0.7 * part))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        seen.append(shop.whole_build_is_seen())
        assert shop.publish()[0] == 0
        assert shop.whole_build_is_seen() == new
        assert not list(shop.published.parent.rglob(".*"))
        shutil.rmtree(shop.folder)
    assert set(seen) == {old, new}


def finished_nodes(folder: Path) -> int:
    log = folder / "logs" / "dbt.log"
    return log.read_bytes().count(b"Finished running node") if log.exists() else 0


def test_killed_builds_are_not_published_and_the_next_one_is(
    watched: Watched, tmp_path: Path
) -> None:
    chance = random.Random(7)  # noqa: S311 - not a secret
    count = len(nodes(watched.shop.project))
    for trial in range(KILLED_BUILDS):
        shop = watched.shop.copy(tmp_path / str(trial))
        before = shop.published.read_bytes()
        shop.deliver(8)
        goal = int(count * (trial + chance.random()) / KILLED_BUILDS * 0.9) + 1
        process = shop.project.start(shop.step())
        while process.poll() is None and finished_nodes(shop.folder) < goal:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        code, printed = shop.publish()
        assert (code, "did not end: build again" in printed) == (1, True), printed
        assert shop.published.read_bytes() == before
        [report] = shop.project.run(shop.folder, [shop.step()])
        assert report.success, report.output
        code, printed = shop.publish()
        assert code == 0, printed
        assert shop.whole_build_is_seen() != watched.built[-1]
        shutil.rmtree(shop.folder)


def test_a_build_of_some_tables_is_not_published(watched: Watched, tmp_path: Path) -> None:
    shop = watched.shop.copy(tmp_path / "shop")
    before = hashlib.sha256(shop.published.read_bytes()).hexdigest()
    for arguments in (
        ("run", "--select", "dim_customer_tiers"),
        ("build", "--select", "dim_customer_tiers"),
        (*BUILD, "--empty"),
    ):
        [report] = shop.project.run(shop.folder, [shop.step(*arguments)])
        assert report.success, report.output
        code, printed = shop.publish()
        assert code == 1
        assert "did not build and test everything: call `make build`" in printed
    assert hashlib.sha256(shop.published.read_bytes()).hexdigest() == before


OVERLAPPING_RATES = (
    "currency_code,valid_from,valid_to,rate_to_base\nEUR,2024-01-01,,1.1\nEUR,2024-03-01,,1.2\n"
)
# Rows without a usable date: their revenue is more than what may be in quarantine.
UNUSABLE = "\n".join([HEADER, *(f"bad-{n},c0-1,yesterday,99999.00" for n in range(9))]) + "\n"


@pytest.mark.parametrize("failing", ["assert_fx_rates_do_not_overlap", "int_loads_approved"])
def test_what_fails_is_named_and_readers_keep_their_file(
    watched: Watched, tmp_path: Path, failing: str
) -> None:
    shop = watched.shop.copy(tmp_path / "shop")
    before = shop.published.read_bytes()
    rates = shop.project.seed_path("fx_rates")
    faults = {
        "assert_fx_rates_do_not_overlap": {rates: OVERLAPPING_RATES},
        "int_loads_approved": {shop.folder / "in" / "9.csv": UNUSABLE},
    }
    standing = rates.read_text(encoding="utf-8")
    [report] = shop.project.run(shop.folder, [replace(shop.step(), writes=faults[failing])])
    rates.write_text(standing, encoding="utf-8")
    assert not report.success
    assert failing in report.output
    code, printed = shop.publish()
    assert (code, f"these failed: {failing}. Readers keep" in printed) == (1, True), printed
    assert shop.published.read_bytes() == before


def test_the_diff_of_another_cut_off_names_whoever_changes_tier(
    watched: Watched, tmp_path: Path
) -> None:
    shop = watched.shop.copy(tmp_path / "shop")
    base = tmp_path / "base.duckdb"
    shutil.copy2(shop.published, base)
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    policies = project["vars"]["tier_policies"]
    [top] = [tier for tier in policies["rfm_total"]["tiers"] if tier["code"] == "top"]
    top["from"] += 1
    step = shop.step()
    [report] = shop.project.run(
        shop.folder, [replace(step, settings=step.settings | {"tier_policies": policies})]
    )
    assert report.success, report.output
    code, printed = shop.publish()
    assert code == 0, printed
    with duckdb.connect(str(base), read_only=True) as connection:
        expected = connection.execute(
            "select customer_id, 'top', 'potential' from fct_customer_rfm_scores "
            "where r_score + f_score + m_score = ? order by 1",
            [top["from"] - 1],
        ).fetchall()
    assert 0 < len(expected) < 150
    customers, page = tmp_path / "customers.csv", tmp_path / "diff.md"
    subprocess.run(
        [
            *(sys.executable, "-m", "tierwise.compare", base, shop.published),
            *("--customers", customers, "--output", page),
        ],
        env=shop.environment(),
        check=True,
    )
    named = [tuple(line.split(",")) for line in customers.read_text("utf-8").splitlines()]
    assert named == [("customer_id", "tier_before", "tier_after"), *expected]
    text = page.read_text(encoding="utf-8")
    assert all(f"| {customer} | top | potential |" in text for customer, *_ in expected[:50])


def test_a_second_build_is_told_who_writes(tmp_path: Path) -> None:
    environment = dbt_environment() | {
        "TIERWISE_DATABASE": str(tmp_path / DATABASE),
        "PYTHONPATH": str(PROJECT / "python"),
    }
    lock = [sys.executable, "-m", "tierwise.lock"]
    first = subprocess.Popen(
        [*lock, sys.executable, "-c", "import time; print('on', flush=True); time.sleep(600)"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "on\n"
    second = subprocess.run(
        [*lock, "true"], env=environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 75
    assert f"(process {first.pid}): wait until it is done" in second.stderr
    # Killed alone, the lock stays with the child that goes on writing.
    first.kill()
    first.wait()
    third = subprocess.run([*lock, "true"], env=environment, capture_output=True, check=False)
    assert third.returncode == 75
    os.killpg(first.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while subprocess.run([*lock, "true"], env=environment, check=False).returncode:
        assert time.monotonic() < deadline
