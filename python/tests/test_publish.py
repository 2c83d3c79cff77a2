"""Readers see whole, tested builds: what is published, kept, rolled back, and refused."""

import multiprocessing
import os
import stat
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from tierwise import publish as publishing
from tierwise.lock import BusyError, only_writer
from tierwise.publish import Plan, PublishError, main, plan_from, publish, roll_back


@pytest.fixture(autouse=True)
def _nothing_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TIERWISE_")]:
        monkeypatch.delenv(name)


KEYS = '{"dim_tiers": ["id"], "rpt_sizes": ["amount", "tier"]}'


def write_build(path: Path, number: int, state: str = "whole", failed: str = "") -> Path:
    """A database as a build leaves it: two public tables, one that is not, and what it says."""
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute(
            "create or replace table dim_tiers as select range as id, ? as build from range(5)",
            [number],
        )
        connection.execute(
            "create or replace table rpt_sizes as "
            "select cast(? as decimal(18, 2)) as amount, null as tier",
            [number],
        )
        connection.execute("create or replace table int_secret as select 1 as one")
        connection.execute(
            "create or replace table util_as_of_dates as select date '2024-02-29' as as_of_date"
        )
        connection.execute(
            "create or replace table _build as select ? as build_id, ? as build_state, "
            "? as failed_nodes, 'abc' as settings_hash, ? as public_tables",
            [f"{number:08}-0000-0000-0000-000000000000", state, failed, KEYS],
        )
    return path


def read(path: Path) -> tuple[int, int]:
    with closing(duckdb.connect(str(path), read_only=True)) as connection:
        [(number,)] = connection.execute("select distinct build from dim_tiers").fetchall()
        [(build,)] = connection.execute("select distinct build_id from _publish_info").fetchall()
    return number, int(build[:8])


def test_public_tables_are_copied_with_what_is_said_of_them(tmp_path: Path) -> None:
    plan = Plan(tmp_path / "out" / "tiers.duckdb")
    published = publish(write_build(tmp_path / "b.duckdb", 1), "main", plan)
    with closing(duckdb.connect(str(plan.path), read_only=True)) as connection:
        tables = connection.execute("select table_name from duckdb_tables() order by 1").fetchall()
        info = connection.execute("from _publish_info order by table_name").fetchall()
        [(version,)] = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name = 'tiers'"
        ).fetchall()
    assert tables == [("_publish_info",), ("dim_tiers",), ("rpt_sizes",)]
    assert [row[3:5] for row in info] == [("dim_tiers", 5), ("rpt_sizes", 1)]
    assert {str(row[1]) for row in info} == {"2024-02-29"}
    assert [row[6] for row in info] == [["id"], ["amount", "tier"]]
    assert {row[5] for row in info} == {checksum for _, checksum in published.tables.values()}
    assert version.startswith("v1.2.0")
    assert stat.S_IMODE(plan.path.stat().st_mode) == 0o600
    assert sorted(p.name for p in plan.path.parent.iterdir()) == ["tiers-kept", "tiers.duckdb"]


@pytest.mark.parametrize("name", ["tiers.duckdb", "published.db", "my shop-1.duckdb"])
def test_a_view_is_published_as_the_table_it_shows(tmp_path: Path, name: str) -> None:
    database = write_build(tmp_path / name, 1)
    with closing(duckdb.connect(str(database))) as connection:
        [(build,)] = connection.execute("select current_database()").fetchall()
        connection.execute("create or replace table int_tiers as from dim_tiers")
        connection.execute("drop table dim_tiers")
        # With the name of the database, as dbt writes it.
        connection.execute(f'create view dim_tiers as from "{build}".main.int_tiers where id > 1')
    plan = Plan(tmp_path / "out" / "tiers.duckdb")
    assert publish(database, "main", plan).tables["dim_tiers"][0] == 3
    with closing(duckdb.connect(str(plan.path), read_only=True)) as connection:
        assert connection.execute("select list(id) from dim_tiers").fetchall() == [([2, 3, 4],)]
        assert connection.execute(
            "select count(*) from duckdb_views() where not internal"
        ).fetchall() == [(0,)]


def test_a_checksum_is_of_the_rows_in_any_order(tmp_path: Path) -> None:
    checksums = []
    for name, query in (
        ("as_they_are", "from dim_tiers order by id"),
        ("reversed", "from dim_tiers order by id desc"),
        ("one_changed", "select if(id = 3, 4, id) as id, build from dim_tiers"),
        ("one_twice", "from dim_tiers union all from dim_tiers where id = 3"),
    ):
        database = write_build(tmp_path / f"{name}.duckdb", 1)
        with closing(duckdb.connect(str(database))) as connection:
            connection.execute(f"create or replace table dim_tiers as {query}")
        done = publish(database, "main", Plan(tmp_path / "out" / f"{name}.duckdb"))
        checksums.append(done.tables["dim_tiers"])
    assert checksums[0] == checksums[1]
    assert len(set(checksums)) == 3


def test_the_last_publications_are_kept_and_can_be_gone_back_to(tmp_path: Path) -> None:
    plan = Plan(tmp_path / "tiers.duckdb", kept=3)
    for number in range(1, 6):
        publish(write_build(tmp_path / "b.db", number), "main", plan)
    assert [file.name[:15] for file in sorted(plan.folder_of_kept.iterdir())] == [
        "000003-00000003",
        "000004-00000004",
        "000005-00000005",
    ]
    roll_back(plan)
    assert read(plan.path) == (4, 4)
    roll_back(plan)
    assert read(plan.path) == (3, 3)
    with pytest.raises(PublishError, match="no publication before the current one"):
        roll_back(plan)
    assert read(plan.path) == (3, 3)
    publish(write_build(tmp_path / "b.db", 6), "main", plan)
    assert read(plan.path) == (6, 6)
    assert sorted(file.name[:6] for file in plan.folder_of_kept.iterdir()) == [
        *("000004", "000005", "000006"),
    ]


@pytest.mark.parametrize(
    ("state", "failed", "said"),
    [
        ("failed", "assert_one, assert_two", "these failed: assert_one, assert_two"),
        ("under_way", "", "did not end: build again"),
        ("partial", "", "did not build and test everything"),
    ],
)
def test_what_is_not_whole_is_not_published(
    tmp_path: Path, state: str, failed: str, said: str
) -> None:
    plan = Plan(tmp_path / "tiers.duckdb")
    with pytest.raises(PublishError, match=f"{said}.*nothing yet"):
        publish(write_build(tmp_path / "b.db", 1, state, failed), "main", plan)
    publish(write_build(tmp_path / "b.db", 1), "main", plan)
    before = plan.path.read_bytes()
    with pytest.raises(PublishError, match=f"{said}.*Readers keep what they have.$"):
        publish(write_build(tmp_path / "b.db", 2, state, failed), "main", plan)
    assert plan.path.read_bytes() == before


def test_what_a_killed_publication_left_is_removed(tmp_path: Path) -> None:
    plan = Plan(tmp_path / "tiers.duckdb")
    publish(write_build(tmp_path / "b.db", 1), "main", plan)
    for name in (".tiers.duckdb.x.new", ".tiers.duckdb.x.new.wal", "tiers-kept/.y.copy.new"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".tiers.duckdb.x.new.spill").mkdir()
    publish(write_build(tmp_path / "b.db", 2), "main", plan)
    assert not list(tmp_path.rglob(".*"))
    assert read(plan.path) == (2, 2)


def test_a_full_or_missing_folder_leaves_readers_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(tmp_path / "tiers.duckdb")
    publish(write_build(tmp_path / "b.db", 1), "main", plan)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publishing, "_copy", full)
    with pytest.raises(PublishError, match=r"No space left on device.*has room"):
        publish(write_build(tmp_path / "b.db", 2), "main", plan)
    assert read(plan.path) == (1, 1)


def _hold(database: Path, held: "multiprocessing.synchronize.Event") -> None:
    with only_writer(database):
        held.set()
        multiprocessing.Event().wait()


def test_a_second_writer_is_told_who_writes_and_a_killed_one_is_not_waited_for(
    tmp_path: Path,
) -> None:
    context = multiprocessing.get_context("fork")
    held = context.Event()
    holder = context.Process(target=_hold, args=(tmp_path / "b.db", held))
    holder.start()
    assert held.wait(30)
    with (
        pytest.raises(BusyError, match=rf"\(process {holder.pid}\).*DATABASE=other.duckdb"),
        only_writer(tmp_path / "b.db"),
    ):
        pass
    holder.kill()
    holder.join()
    with only_writer(tmp_path / "b.db"):
        pass


def test_as_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIERWISE_DATABASE", str(tmp_path / "b.db"))
    monkeypatch.setenv("TIERWISE_PUBLISHED", str(tmp_path / "out" / "tiers.duckdb"))
    monkeypatch.setenv("TIERWISE_PUBLISHED_MODE", "640")
    assert main([]) == 1
    assert "run `make build` first" in capsys.readouterr().err
    for number in (1, 2):
        write_build(tmp_path / "b.db", number)
        assert main([]) == 0
    assert "Published 2 tables with 6 rows as of 2024-02-29" in capsys.readouterr().out
    assert stat.S_IMODE((tmp_path / "out" / "tiers.duckdb").stat().st_mode) == 0o640
    assert main(["--rollback"]) == 0
    assert read(tmp_path / "out" / "tiers.duckdb") == (1, 1)
    write_build(tmp_path / "b.db", 3, "failed", "assert_one")
    assert main([]) == 1
    assert "assert_one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"),
    [("KEPT", "0"), ("KEPT", "many"), ("MODE", "777777"), ("MODE", "044"), ("MODE", "rw-")],
)
def test_a_wrong_setting_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(PublishError, match=rf"TIERWISE_PUBLISHED_{name} is '{value}': give"):
        plan_from({f"TIERWISE_PUBLISHED_{name}": value})


def test_what_does_not_fit_into_the_memory_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, plan = write_build(tmp_path / "b.duckdb", 1), Plan(tmp_path / "out" / "tiers.duckdb")
    monkeypatch.setenv("TIERWISE_MEMORY_LIMIT", "1KB")
    with pytest.raises(PublishError, match="does not fit into MEMORY_LIMIT=1KB: give it more"):
        publish(build, "main", plan)
    assert not plan.path.exists()
    monkeypatch.setenv("TIERWISE_MEMORY_LIMIT", "200MB")
    publish(build, "main", plan)
    assert read(plan.path) == (1, 1)
