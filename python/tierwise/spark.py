"""dbt on Spark: ``python -m tierwise.spark build ...`` instead of ``dbt build ...``.

Starts a Spark session in this process, runs dbt with the target ``spark`` in it, and copies what
was built into the DuckDB file that ``tierwise.summary`` and ``tierwise.publish`` read
(``TIERWISE_DATABASE``; default: ``marts.duckdb`` in the folder of Spark).

``TIERWISE_SPARK_FOLDER`` (default: ``spark`` beside ``dbt_project.yml``) holds the tables, the
catalog and the landed files, ``TIERWISE_SPARK_MASTER`` (default: ``local[2]``) says where Spark
runs; more is set in ``spark-defaults.conf`` of ``SPARK_CONF_DIR``.

Three things are done beside the driver, by DuckDB and Python, whatever the cluster: files are
inspected, mapped and landed as Parquet; the Python models fit and predict from cells with counts;
the finished tables are copied.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tierwise.spark_landing import Landing
from tierwise.summary import database_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

# What publishing asks for beside the tables that people read.
_FACTS = ("_build", "util_as_of_dates")


def folder() -> Path:
    """Say where the tables, the catalog and the landed files are."""
    named = os.environ.get("TIERWISE_SPARK_FOLDER")
    return Path(named or Path(os.environ.get("DBT_PROJECT_DIR") or ".") / "spark").absolute()


def start(place: Path) -> SparkSession:
    """Start the session that dbt-spark finds: one JVM, UTC, ANSI rules, overwrite by partition."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - it takes a second, and not all need it

    place.mkdir(parents=True, exist_ok=True)
    derby = f"jdbc:derby:;databaseName={place / 'catalog'};create=true"
    settings = {
        "spark.sql.warehouse.dir": str(place / "warehouse"),
        "spark.hadoop.javax.jdo.option.ConnectionURL": derby,
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={place} -Duser.timezone=UTC",
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.sources.partitionOverwriteMode": "dynamic",
        "spark.sql.cteRecursionLevelLimit": "-1",
        "spark.sql.cteRecursionRowLimit": "-1",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.ui.showConsoleProgress": "false",
    }
    # What a file of settings may say otherwise.
    defaults = {
        "spark.sql.shuffle.partitions": "4",
        "spark.default.parallelism": "4",
        "spark.driver.memory": "4g",
        "spark.ui.enabled": "false",
    }
    if not os.environ.get("SPARK_CONF_DIR"):
        settings |= defaults
    builder = SparkSession.builder.appName("tierwise").enableHiveSupport()
    builder = builder.master(os.environ.get("TIERWISE_SPARK_MASTER") or "local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    # Errors reach dbt as exceptions; told once more here, each is some hundred lines of Java.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    _remove_leftovers(session, place / "warehouse")
    return session


def _remove_leftovers(session: SparkSession, warehouse: Path) -> None:
    """Remove files of tables that a build which was killed never put into the catalog."""
    for database in warehouse.glob("*.db"):
        name = database.name.removesuffix(".db")
        known = {row.tableName for row in session.sql(f"show tables in `{name}`").collect()}
        for table in database.iterdir():
            if table.is_dir() and table.name not in known:
                shutil.rmtree(table)


def _export(session: SparkSession, schema: str, place: Path) -> None:
    """Copy the tables that people read into a DuckDB file, and put it in place with one rename."""
    known = {row.tableName for row in session.sql(f"show tables in {schema}").collect()}
    if "_build" not in known:
        return
    [row] = session.table(f"{schema}._build").collect()
    tables = [*json.loads(row.public_tables or "{}"), *_FACTS]
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f".{place.name}.new")
    new.unlink(missing_ok=True)
    with closing(duckdb.connect(str(new))) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f'create schema if not exists "{schema}"')
        for table in tables:
            if table in known:
                rows = session.table(f"{schema}.{table}").toArrow()  # noqa: F841 - read by name below
                connection.execute(f'create table "{schema}"."{table}" as from rows')
    new.replace(place)


def main(arguments: Sequence[str]) -> int:
    """Run dbt with these arguments in a session; return its exit code."""
    if not shutil.which("java") and not os.environ.get("JAVA_HOME"):
        print(
            "Spark needs Java 17, and there is no `java` here. Debian and Ubuntu: apt-get install "
            "openjdk-17-jre-headless; or set JAVA_HOME.",
            file=sys.stderr,
        )
        return 1
    place = folder()
    schema = os.environ.get("TIERWISE_SCHEMA") or "main"
    os.environ["TIERWISE_SPARK_SESSION"] = os.environ["TIERWISE_TARGET"] = "spark"
    os.environ.setdefault("TIERWISE_DATABASE", str(place / "marts.duckdb"))
    session = start(place)
    landing = Landing(place, schema)
    try:
        # Only here: where Spark is not installed, the message about Java is still to be had.
        from dbt.cli.main import dbtRunner  # noqa: PLC0415

        from tierwise.spark_dbt import extend_dbt  # noqa: PLC0415

        extend_dbt(session, landing)

        outcome = dbtRunner().invoke(list(arguments))
        if outcome.exception:
            print(outcome.exception, file=sys.stderr)
        _export(session, schema, database_path(os.environ))
        return 0 if outcome.success else 2 if outcome.exception else 1
    finally:
        landing.close()
        session.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
