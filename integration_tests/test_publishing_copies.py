"""Parquet files and a real PostgreSQL server hold what was published, whole, while people read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import psycopg
import pytest
from tierwise.publish import Plan, copy, publish
from tierwise.publish_copies import CopyError, write_parquet, write_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = 20_000


def publication(folder: Path, number: int) -> Path:
    """Publish a build with every type that public tables have, and awkward texts."""
    database = folder / f"{number}.duckdb"
    with closing(duckdb.connect(str(database))) as connection:
        connection.execute(
            f"""
            create table dim_all_types as select
                'c' || range as customer_id, {number} as build_number, range as order_count,
                range % 2 = 0 as is_even, date '2024-02-29' as order_date, range / 7 as some_share,
                cast(range * 1.25 as decimal(18, 2)) as some_amount,
                timestamp '2024-02-29 12:00:00.25' as ordered_at,
                case range % 5 when 0 then null when 1 then '' when 2 then E'tab\\t, line\\n, \\\\N'
                    when 3 then '顶级' else '"quoted", it''s' end as label
            from range({ROWS})
            """  # noqa: S608 - numbers only
        )
        connection.execute(
            "create table rpt_empty (tier_code varchar, member_count bigint);"
            f"insert into rpt_empty select 'top', {number} where {number} > 1;"
            "create table util_as_of_dates as select date '2024-02-29' as as_of_date;"
            f"create table _build as select '0000000{number}-1' as build_id, "
            "'whole' as build_state, '' as failed_nodes, 'abc' as settings_hash, "
            """'{"dim_all_types": ["customer_id"], "rpt_empty": ["tier_code"]}' as public_tables"""
        )
    plan = Plan(folder / "published" / "tiers.duckdb")
    publish(database, "main", plan)
    return plan.path


def test_parquet_files_are_of_one_build_and_the_last_ones_stay(tmp_path: Path) -> None:
    folder = tmp_path / "parquet"
    for number in (1, 2, 3, 4):
        current = write_parquet(publication(tmp_path, number), folder, kept=2)
        files = sorted(file.name for file in current.iterdir())
        assert files == ["_publish_info.parquet", "dim_all_types.parquet", "rpt_empty.parquet"]
        with closing(duckdb.connect()) as connection:
            connection.execute(
                f"attach '{tmp_path / 'published' / 'tiers.duckdb'}' as p (read_only)"
            )
            for name in ("dim_all_types", "rpt_empty", "_publish_info"):
                differing = connection.execute(
                    f"with file as (from '{current}/{name}.parquet') select count(*) from "  # noqa: S608 - names above
                    f"((from p.{name} except all from file) "
                    f"union all (from file except all from p.{name}))"
                ).fetchall()
                assert differing == [(0,)]
    assert sorted(file.name for file in folder.iterdir()) == ["00000003-1", "00000004-1", "current"]
    # Again, over the remains of one that was killed.
    (folder / ".00000004-1.new").mkdir()
    write_parquet(tmp_path / "published" / "tiers.duckdb", folder, kept=2)
    assert sorted(file.name for file in folder.iterdir()) == ["00000003-1", "00000004-1", "current"]


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(CopyError, match=r"Parquet files could not be written to .*taken"):
        write_parquet(publication(tmp_path, 1), tmp_path / "taken", kept=2)


@pytest.fixture(scope="session")
def postgres_programs() -> Path | None:
    """Find the server's programs, which Debian keeps off the path."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


@pytest.fixture
def server(postgres_programs: Path | None, leave_unchecked: Callable[[str], None]) -> Iterator[str]:
    """Start a server of its own on a socket in a folder; gives its address."""
    if postgres_programs is None:
        leave_unchecked(
            "PostgreSQL is not installed (Debian and Ubuntu: apt-get install postgresql)."
        )
        return
    # A socket's path is at most 107 bytes long, so it is not in pytest's folder.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    # PostgreSQL refuses to run as root.
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, **user)
    data = folder / "data"

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [postgres_programs / program, "-D", data, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **user,
        )

    call("initdb", "--auth", "trust", "--username", "owner", "--encoding", "UTF8", "--no-sync")
    call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -h ''", "start")
    try:
        yield f"host={folder} user=owner dbname=postgres"
    finally:
        with suppress(subprocess.CalledProcessError):
            call("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def test_postgres_holds_the_same_rows(tmp_path: Path, server: str) -> None:
    path = publication(tmp_path, 1)
    assert write_postgres(path, server, "tierwise", ()) == 3
    with (
        closing(duckdb.connect(str(path), read_only=True)) as source,
        psycopg.connect(server) as target,
    ):
        for table in ("dim_all_types", "rpt_empty"):
            expected = source.execute(f"from {table} order by 1").fetchall()
            found = target.execute(f"select * from tierwise.{table} order by 1").fetchall()  # noqa: S608 - names above
            assert {row[0]: row for row in found} == {row[0]: row for row in expected}
            assert len(found) == len(expected)
        types = target.execute(
            "select column_name, data_type from information_schema.columns "
            "where table_schema = 'tierwise' and table_name = 'dim_all_types'"
        ).fetchall()
    assert dict(types) == {
        "customer_id": "text",
        "build_number": "integer",
        "order_count": "bigint",
        "is_even": "boolean",
        "order_date": "date",
        "some_share": "double precision",
        "some_amount": "numeric",
        "ordered_at": "timestamp without time zone",
        "label": "text",
    }


def test_readers_of_postgres_see_one_build_and_hardly_wait(tmp_path: Path, server: str) -> None:
    paths = {}
    for number in (1, 2, 3):
        path = publication(tmp_path, number)
        paths[number] = path.with_name(f"copy-{number}.duckdb")
        shutil.copy(path, paths[number])
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute("create role reader login")
    write_postgres(paths[1], server, "tierwise", ["reader"])
    stop, seen, waits, errors = threading.Event(), [], [], []

    def read() -> None:
        address = server.replace("user=owner", "user=reader")
        with psycopg.connect(address) as connection:
            while not stop.is_set():
                began = time.monotonic()
                try:
                    with connection.transaction():
                        info = connection.execute(
                            "select distinct build_id from tierwise._publish_info"
                        ).fetchall()
                        build = connection.execute(
                            "select distinct build_number from tierwise.dim_all_types"
                        ).fetchall()
                except psycopg.Error as error:
                    errors.append(str(error))
                waits.append(time.monotonic() - began)
                seen.append((info, build))

    reader = threading.Thread(target=read)
    reader.start()
    for number in (2, 3):
        write_postgres(paths[number], server, "tierwise", ["reader"])
    time.sleep(0.5)
    stop.set()
    reader.join()
    assert errors == []
    # Between its two queries a reader may cross a rename; each query is of one build.
    assert {len(info) for info, _ in seen} == {len(build) for _, build in seen} == {1}
    assert seen[0] == ([("00000001-1",)], [(1,)])
    assert seen[-1] == ([("00000003-1",)], [(3,)])
    assert max(waits) < 5
    with psycopg.connect(server) as owner:
        schemas = owner.execute("select nspname from pg_namespace where nspname like 'tierwise%'")
        assert schemas.fetchall() == [("tierwise",)]


def test_a_failure_leaves_the_tables_of_before(tmp_path: Path, server: str) -> None:
    write_postgres(publication(tmp_path, 1), server, "tierwise", ())
    with pytest.raises(CopyError, match='role "nobody" does not exist'):
        write_postgres(publication(tmp_path, 2), server, "tierwise", ["nobody"])
    with psycopg.connect(server) as target:
        found = target.execute("select distinct build_number from tierwise.dim_all_types")
        assert found.fetchall() == [(1,)]
    with pytest.raises(CopyError, match="see that the server is there") as refused:
        write_postgres(
            publication(tmp_path, 3), "host=127.0.0.1 port=1 password=secret", "tierwise", ()
        )
    assert "secret" not in str(refused.value)


def test_all_copies_are_made_as_the_plan_says(
    tmp_path: Path, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(publication(tmp_path, 1))
    copy(plan)
    assert capsys.readouterr().out == ""
    copy(replace(plan, parquet=tmp_path / "files", postgres=server, postgres_schema="bi"))
    assert capsys.readouterr().out == (
        f"Parquet files: {tmp_path}/files/current\nPostgreSQL: schema bi\n"
    )


def test_without_psycopg_the_message_says_what_to_install(tmp_path: Path) -> None:
    path = publication(tmp_path, 1)
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pathlib import Path\nfrom tierwise.publish_copies import write_postgres\n"
        "write_postgres(Path(sys.argv[1]), '', 'tierwise', ())"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script, path],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "python")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pip install 'psycopg[binary]>=3.2'" in finished.stderr
