"""What the measurements share: orders, a copy of the project, dbt, and a look at its processes.

Needs nothing but Python and DuckDB, and Linux for the figures of processes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROJECT = Path(__file__).resolve().parents[1]
DBT = Path(sys.executable).parent / "dbt"
# What a build is made of; a copy stays as it is while somebody works on the project.
PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "macros", "models", "python", "seeds", "tests")
DATABASE = "tiers.duckdb"
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
MEBIBYTE = 2**20

# Customers come at any time of the three years and buy again after gaps that are each their own: a
# few often, most now and then, some once. After each order some leave, each with a probability of
# their own. About 6.7 orders each; the numbers come from a hash of the customer and the order, so
# the same size gives the same orders.
_ORDERS = """
with customers as (
    select
        number as customer,
        1096 * chance(number, 1) as first_day,
        12 + 120 * pow(chance(number, 2), 2) as mean_gap_days,
        chance(number, 3) as size,
        0.04 + 0.5 * pow(chance(number, 10), 3) as chance_to_leave,
        1 + least(60, floor(ln(chance(number, 4)) / ln(1 - chance_to_leave)))::int as order_count
    from range({first}, {last}) as numbers(number)
),
slots as (
    select *, unnest(range(order_count)) as place from customers
),
dated as (
    select
        *,
        customer * 64 + place as number,
        first_day + coalesce(
            sum(case when place > 0 then -ln(chance(customer * 64 + place, 5)) * mean_gap_days end)
            over (partition by customer order by place), 0
        ) as day
    from slots
),
orders as (
    select
        printf('o%010d', number) as order_id,
        case when chance(number, 6) >= 0.005 then printf('c%08d', customer) end as customer_id,
        timestamp '2023-01-01' + to_seconds((day * 86400)::bigint) as ordered_at,
        (exp(2.5 + 1.5 * size) * (0.4 + 1.2 * chance(number, 7)))::decimal(12, 2) as amount,
        case when chance(number, 8) < 0.01 then 'cancelled' else 'completed' end as status,
        chance(number, 9) < 0.005 as is_repeated
    from dated
    where day < 1096
)
select * exclude (is_repeated) from orders
union all
select * exclude (is_repeated) from orders where is_repeated
"""

_CHANCE = """
create macro chance(number, salt) as
    ((hash(number * 16 + salt) >> 11)::double + 0.5) / 9007199254740992.0
"""


def order_maker(spill: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection in memory that can make orders."""
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    connection.execute(f"set temp_directory = '{spill}'")
    connection.execute(_CHANCE)
    return connection


def orders_of(first: int, last: int) -> str:
    """Return the query that makes the orders of the customers with these numbers."""
    return _ORDERS.format(first=first, last=last)


@dataclass(frozen=True)
class Measured:
    """What one build took; ``seconds`` are those of each model, seed, test and hook."""

    wall_seconds: float
    seconds: dict[str, float]
    results: list[dict[str, Any]] = field(default_factory=list)
    watched: Watched | None = None


def copy_project(folder: Path) -> None:
    """Copy what a build is made of."""
    folder.mkdir(parents=True)
    for part in PROJECT_PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / part)


def environment_of(folder: Path, threads: int) -> dict[str, str]:
    """Return what dbt is told of a folder with orders; of the caller's settings, limits alone."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TIERWISE_", "DBT_")) and name != "PYTHONPATH"
    }
    limits = {
        name: os.environ[name]
        for name in ("TIERWISE_MEMORY_LIMIT", "TIERWISE_SPILL_FOLDER")
        if name in os.environ
    }
    return (
        kept
        | limits
        | {
            "TIERWISE_DATABASE": str(folder / DATABASE),
            "TIERWISE_THREADS": str(threads),
            "TIERWISE_ORDERS": str(folder / "orders" / "*.parquet"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DO_NOT_TRACK": "1",
            "PYTHONUTF8": "1",
        }
    )


def project_of(folder: Path, settings: dict[str, Any] | None) -> list[str | Path]:
    """Return how dbt is told of the project of a folder."""
    return [
        *("--project-dir", folder / "project", "--profiles-dir", folder / "project"),
        *("--target-path", folder / "target", "--log-path", folder / "logs"),
        *("--vars", json.dumps(settings or {})),
    ]


def parse(folder: Path, threads: int, settings: dict[str, Any] | None = None) -> float:
    """Have dbt parse the project, as the first call after a change does; return the seconds."""
    start = time.monotonic()
    command = [DBT, "--no-use-colors", "parse", *project_of(folder, settings)]
    finished, _ = run_watched(command, folder, environment_of(folder, threads))
    if finished.returncode != 0:
        raise RuntimeError(f"dbt failed:\n{finished.stdout}")
    return round(time.monotonic() - start, 2)


def build(
    folder: Path,
    threads: int,
    settings: dict[str, Any] | None = None,
    select: Sequence[str] = (),
    leave_out: Sequence[str] = NO_TESTS,
) -> Measured:
    """Call `dbt build`, without tests unless told otherwise, and read what it says of its times."""
    command = [
        *(DBT, "--no-use-colors", "build", *leave_out, *project_of(folder, settings)),
        *(("--select", *select) if select else ()),
    ]
    start = time.monotonic()
    finished, watched = run_watched(
        command,
        folder,
        environment_of(folder, threads),
        lambda: size_of(*folder.glob(f"{DATABASE}*")) + size_of(*spill_folders()),
    )
    wall_seconds = time.monotonic() - start
    if finished.returncode != 0:
        raise RuntimeError(f"dbt failed:\n{finished.stdout}")
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    return Measured(
        wall_seconds,
        {row["unique_id"]: row["execution_time"] for row in results["results"]},
        results["results"],
        watched,
    )


def spill_folders() -> list[Path]:
    """Return where a build may spill other than beside its database."""
    given = os.environ.get("TIERWISE_SPILL_FOLDER")
    return [Path(given)] if given else []


def way_to(folder: Path, *models: str) -> set[str]:
    """Return models and what comes before them: their ancestors."""
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    ahead = [f"model.tierwise.{model}" for model in models]
    missing = [node for node in ahead if node not in manifest["nodes"]]
    if missing:
        raise RuntimeError(f"There is no {', '.join(missing)} in the project")
    found: set[str] = set()
    while ahead:
        node = ahead.pop()
        if node not in found:
            found.add(node)
            ahead += manifest["parent_map"].get(node, [])
    return found


def rounded_ratio(second: float, first: float) -> float | None:
    """Return the second by the first, if there was a first."""
    return round(second / first, 4) if first else None


def size_of(*paths: Path) -> int:
    """Return the bytes of files and of all that is in folders; what goes meanwhile is nothing."""
    total = 0
    for path in paths:
        try:
            total += (
                sum(size_of(inner) for inner in path.iterdir())
                if path.is_dir()
                else path.stat().st_size
            )
        except OSError:
            continue
    return total


@dataclass(frozen=True)
class Watched:
    """What a command and all it started held, ten times a second: time, memory and disk."""

    samples: list[tuple[float, int, int]]

    def peaks(self, start: float = 0.0, end: float = float("inf")) -> dict[str, float]:
        """Return the most memory and disk, in MiB, between two moments and just beside them."""
        first = sum(sample[0] <= start for sample in self.samples) - 1
        last = sum(sample[0] < end for sample in self.samples)
        inside = self.samples[max(first, 0) : last + 1]
        return {
            "peak_memory_mebibytes": round(max((s[1] for s in inside), default=0) / MEBIBYTE, 1),
            "peak_disk_mebibytes": round(max((s[2] for s in inside), default=0) / MEBIBYTE, 1),
        }


def _memory_of_tree(root: int) -> int:
    """Return the resident bytes of a process and all its descendants."""
    children: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    page = os.sysconf("SC_PAGE_SIZE")
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # The name of a command may hold anything, even brackets.
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            pages = int((folder / "statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            continue
        children.setdefault(parent, []).append(int(folder.name))
        resident[int(folder.name)] = pages * page
    total, ahead = 0, [root]
    while ahead:
        process = ahead.pop()
        total += resident.get(process, 0)
        ahead += children.get(process, [])
    return total


def run_watched(
    command: Sequence[str | Path],
    folder: Path,
    environment: dict[str, str],
    disk: Callable[[], int] = lambda: 0,
) -> tuple[subprocess.CompletedProcess[str], Watched]:
    """Run a command, and look at the memory of its processes and at its disk meanwhile."""
    samples: list[tuple[float, int, int]] = []
    output = folder / "output.txt"
    with output.open("w", encoding="utf-8") as lines:
        process = subprocess.Popen(  # noqa: S603 - dbt or this folder's own scripts
            command, cwd=folder, env=environment, stdout=lines, stderr=subprocess.STDOUT
        )
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.1):
                samples.append((time.time(), _memory_of_tree(process.pid), disk()))

        watcher = threading.Thread(target=look, daemon=True)
        watcher.start()
        try:
            returncode = process.wait()
        finally:
            process.kill()
            ended.set()
            watcher.join()
    samples.append((time.time(), 0, disk()))
    text = output.read_text(encoding="utf-8")
    return subprocess.CompletedProcess(list(command), returncode, text), Watched(samples)
