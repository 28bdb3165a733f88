"""The embedded PostgreSQL, with real clusters."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from imagestudio.engines.data import DataFolder
from imagestudio.engines.errors import StudioError
from imagestudio.engines.home import Home
from imagestudio.engines.postgres import Postgres
from imagestudio.engines.processes import spawn
from imagestudio.engines.roles import Login, separate
from imagestudio.engines.start import free_port, start_engine
from imagestudio.engines.supervisor import Supervisor
from imagestudio.engines.testing import throwaway_engines
from tests.engines.conftest import copy_cluster

pytestmark = pytest.mark.slow


@pytest.fixture
def bare(home: Home, folder: Path) -> Postgres:
    """Without a cluster yet."""
    return Postgres(home, "correct-horse", folder / "postgres.log", throwaway=True)


@pytest.fixture
def engine(home: Home, folder: Path, cluster: Path) -> Postgres:
    """With a cluster; careful, so that it can be killed."""
    copy_cluster(cluster, folder)
    password = DataFolder(cluster).secrets().postgres_password
    return Postgres(home, password, folder / "postgres.log")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Of a cluster that several tests look at and none harms."""
    with throwaway_engines() as environment:
        yield environment["DATABASE_OWNER_URL"]


@pytest.fixture
def zombie() -> Iterator[int]:
    """The pid of a process that ended and that nobody has reaped."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process.pid
    process.wait()


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as database:
        return database.execute(query).fetchall()


def test_it_sorts_alike_on_every_system(url: str) -> None:
    rows = ask(
        url,
        "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding), current_database()"
        " FROM pg_database WHERE datname = current_database()",
    )

    assert rows == [("b", "C.UTF-8", "UTF8", "imagestudio")]


def test_it_lets_nobody_in_without_the_password(url: str) -> None:
    for guess in ("", ":wrong"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(re.sub(":[^:]+@", f"{guess}@", url))


def test_it_listens_on_loopback_only(url: str) -> None:
    assert ask(url, "SHOW listen_addresses") == [("127.0.0.1",)]
    assert ask(url, "SHOW unix_socket_directories") == [("",)]


CANARY = "LOGCANARY my very private prompt"
FAILING = (
    "INSERT INTO kept VALUES (1, %(words)s)",  # Unique: the detail has the key, the statement all.
    "INSERT INTO kept VALUES (2, repeat(%(words)s, 100))",  # Check: the detail has the whole row.
    "SELECT 1 / 0 AS nothing, %(words)s",
    "SELECT missing FROM kept WHERE words = %(words)s",
    "UPDATE kept SET words = %(words)s",  # Held up by another.
    "DO $$BEGIN PERFORM 1 / 0, 'LOGCANARY'; END$$",
)


@pytest.mark.parametrize("cursor", [psycopg.ClientCursor, psycopg.Cursor])
def test_w08_it_writes_nothing_of_members_into_its_log(
    cursor: type[psycopg.Cursor[Any]], engine: Postgres, supervisor: Supervisor
) -> None:
    url = start_engine(engine, supervisor.start)
    with psycopg.connect(url, autocommit=True) as holder:
        holder.execute(
            "CREATE TABLE kept (id int PRIMARY KEY, words text CHECK (length(words) < 99))"
        )
        holder.execute("INSERT INTO kept VALUES (1, 'LOGCANARY')")
        holder.autocommit = False
        holder.execute("SELECT * FROM kept FOR UPDATE")
        for statement in FAILING:
            fails(url, cursor, statement)

    said = engine.log.read_text()
    assert "duplicate key value" in said
    assert "canceling statement due to lock timeout" in said
    assert "LOGCANARY" not in said


def fails(url: str, cursor: type[psycopg.Cursor[Any]], statement: str) -> None:
    """As psycopg sends it: the words within the statement, or beside it."""
    words = {"words": CANARY} if "%(words)s" in statement else None
    with psycopg.connect(url, autocommit=True, cursor_factory=cursor) as database:
        database.execute("SET lock_timeout = 50")
        with pytest.raises(psycopg.Error):
            database.execute(statement.encode(), words)


def test_w08_it_hashes_the_password_of_a_role_before_it_sends_it(
    engine: Postgres, supervisor: Supervisor
) -> None:
    owner = start_engine(engine, supervisor.start)
    application = Login("studio_app", "LOGCANARY of a role")
    with psycopg.connect(owner, autocommit=True) as database:
        database.execute("SET log_statement = 'all'")

        separate(database, application)
        separate(database, application)

    assert ask(application.at(owner), "SELECT current_user") == [("studio_app",)]
    assert "CREATE ROLE" in engine.log.read_text()
    assert "LOGCANARY" not in engine.log.read_text()


def test_it_keeps_its_rows_and_port_when_it_is_killed(
    engine: Postgres, supervisor: Supervisor
) -> None:
    url = start_engine(engine, supervisor.start)
    with psycopg.connect(url) as database:
        database.execute("CREATE TABLE kept AS SELECT 7 AS number")

    supervisor.cut("postgres")

    assert supervisor.watch(lambda: engine.answers(urlsplit(url).port or 0), 20)
    assert ask(url, "SELECT number FROM kept") == [(7,)]


def test_it_starts_again_beside_the_zombie_of_its_last_life(
    engine: Postgres, supervisor: Supervisor, zombie: int
) -> None:
    start_engine(engine, supervisor.start)
    supervisor.cut("postgres")
    forge_pid(engine, zombie)

    url = start_engine(engine, supervisor.start)

    assert ask(url, "SELECT 1") == [(1,)]


def test_it_starts_again_when_a_stranger_has_its_last_pid(
    engine: Postgres, supervisor: Supervisor
) -> None:
    start_engine(engine, supervisor.start)
    supervisor.cut("postgres")
    forge_pid(engine, os.getppid())

    url = start_engine(engine, supervisor.start)

    assert ask(url, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    "left", [b"", b"\0" * 64, b"\xff\xfe", b"-7\n"], ids=["empty", "zeros", "noise", "standalone"]
)
def test_it_clears_the_way_of_a_pid_that_a_power_cut_spoilt(bare: Postgres, left: bytes) -> None:
    bare.folder.mkdir()
    (bare.folder / "postmaster.pid").write_bytes(left)
    prepare = bare.child(free_port()).before_start
    assert prepare

    prepare()

    assert not (bare.folder / "postmaster.pid").exists()


def test_it_ends_a_cluster_that_lost_its_owner(engine: Postgres, supervisor: Supervisor) -> None:
    orphan = spawn(engine.child(free_port()))
    supervisor.watch((engine.folder / "postmaster.pid").exists, 10)

    url = start_engine(engine, supervisor.start)

    assert ask(url, "SELECT 1") == [(1,)]
    assert orphan.wait(10) in (0, -signal.SIGINT)


def test_it_makes_a_half_made_cluster_again(bare: Postgres, supervisor: Supervisor) -> None:
    half = bare.home.room("pg.tmp")
    (half / "PG_VERSION").write_text("18\n")

    url = start_engine(bare, supervisor.start)

    assert ask(url, "SELECT 1") == [(1,)]
    assert not half.exists()


@pytest.mark.parametrize("version", ["15", "9.6"])
def test_it_refuses_a_cluster_of_another_version(bare: Postgres, version: str) -> None:
    bare.folder.mkdir()
    (bare.folder / "PG_VERSION").write_text(f"{version}\n")

    with pytest.raises(StudioError, match=rf"made by PostgreSQL {version}[\s\S]*STUDIO_PG_BIN"):
        bare.prepare()


def test_it_refuses_a_cluster_that_is_not_whole(bare: Postgres) -> None:
    bare.folder.mkdir()

    with pytest.raises(StudioError, match="pg holds no whole database: put it back"):
        bare.prepare()

    assert list(bare.folder.iterdir()) == []


def test_it_says_when_the_secrets_belong_to_another_cluster(
    engine: Postgres, supervisor: Supervisor
) -> None:
    start_engine(engine, supervisor.start)
    supervisor.stop_all()
    stranger = Postgres(engine.home, "another-password", engine.log)

    with pytest.raises(StudioError, match=r"another password than secrets\.json"):
        start_engine(stranger, supervisor.start)


def test_it_says_where_no_programs_are(
    home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_PG_BIN", str(folder))

    with pytest.raises(StudioError, match="no initdb lies there"):
        Postgres(home, "correct-horse", folder / "postgres.log")


def test_it_says_that_the_disk_is_full(
    engine: Postgres, supervisor: Supervisor, folder: Path
) -> None:
    """Stands in for a full disk: a program that says what PostgreSQL says then."""
    (folder / "postgres").write_text("#!/bin/sh\necho 'FATAL 18: No space left on device'; exit 1")
    (folder / "postgres").chmod(0o755)
    engine._programs = folder

    with pytest.raises(StudioError, match=r"The disk of .* is full"):
        start_engine(engine, supervisor.start)


def forge_pid(engine: Postgres, pid: int) -> None:
    pid_file = engine.folder / "postmaster.pid"
    _, *rest = pid_file.read_text().splitlines(keepends=True)
    pid_file.write_text("".join([f"{pid}\n", *rest]))
