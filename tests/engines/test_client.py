"""Which commands go on without a studio, and what the others are told."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from imagestudio.engines.client import PLACEHOLDERS, borrow_environment
from imagestudio.engines.data import DataFolder, StateFile
from tests.folders import ordinary_user

RUNNING = {"DATABASE_URL": "postgres://embedded", "REDIS_URL": "redis://embedded"}


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[DataFolder]:
    """An environment with nothing but the folder of a studio that doesn't run."""
    with patch.dict(os.environ, {"STUDIO_DATA": str(tmp_path)}, clear=True):
        folder = DataFolder(tmp_path)
        folder.prepare()
        before = os.umask(0o022)
        yield folder
        os.umask(before)


@pytest.fixture
def running(data: DataFolder) -> Iterator[DataFolder]:
    with data.owned():
        data.tell(StateFile(os.getpid(), "http://127.0.0.1:8000", RUNNING))
        yield data


def test_it_works_on_the_running_studio(running: DataFolder) -> None:
    assert borrow_environment(["migrate"]) is None

    assert os.environ["DATABASE_URL"] == "postgres://embedded"


def test_it_keeps_what_the_person_set(running: DataFolder) -> None:
    os.environ["DATABASE_URL"] = "postgres://mine"
    os.environ["REDIS_URL_FILE"] = "/run/secrets/redis"

    assert borrow_environment(["migrate"]) is None

    assert os.environ["DATABASE_URL"] == "postgres://mine"
    assert "REDIS_URL" not in os.environ


OWNED = RUNNING | {"DATABASE_OWNER_URL": "postgres://owner"}


@pytest.mark.parametrize(("command", "is_given"), [("migrate", True), ("shell", False)])
def test_w09_only_a_command_that_changes_tables_acts_as_their_owner(
    data: DataFolder, command: str, is_given: bool
) -> None:
    with data.owned():
        data.tell(StateFile(os.getpid(), "http://127.0.0.1:8000", OWNED))

        assert borrow_environment([command]) is None

    assert ("DATABASE_OWNER_URL" in os.environ) is is_given


def test_w04_what_a_command_adds_to_a_running_studio_is_closed_to_others(
    running: DataFolder,
) -> None:
    assert borrow_environment(["adduser", "bob@redwood.example"]) is None

    assert os.umask(0o077) == 0o077


def test_a_command_without_engines_keeps_the_rights_of_what_it_writes(
    running: DataFolder,
) -> None:
    assert borrow_environment(["makemessages"]) is None

    assert os.umask(0o022) == 0o022
    assert os.environ["DATABASE_URL"] == "postgres://embedded"


def test_w09_whoever_names_a_database_is_not_made_the_owner_of_another(data: DataFolder) -> None:
    os.environ["DATABASE_URL"] = "postgres://mine"
    with data.owned():
        data.tell(StateFile(os.getpid(), "http://127.0.0.1:8000", OWNED))

        assert borrow_environment(["migrate"]) is None

    assert "DATABASE_OWNER_URL" not in os.environ


def test_it_says_when_the_folder_can_not_be_read(data: DataFolder) -> None:
    os.environ["STUDIO_DATA_FILE"] = str(data.path / "nowhere")

    sentence = borrow_environment(["migrate"])

    assert sentence == "STUDIO_DATA_FILE names no file to read: No such file or directory."


def test_a_folder_that_can_not_be_read_is_nothing_to_a_database_of_the_person(
    data: DataFolder,
) -> None:
    os.environ |= {"STUDIO_DATA_FILE": str(data.path / "nowhere"), "DATABASE_URL": "postgres://me"}

    assert borrow_environment(["migrate"]) is None


def test_w04_it_says_so_to_whoever_may_not_see_the_studio(folder: Path) -> None:
    DataFolder(folder).prepare()
    (folder / "lock").chmod(0)
    os.environ["STUDIO_DATA"] = str(folder)

    with ordinary_user():
        sentence = borrow_environment(["migrate"])

    assert sentence == f"The studio in {folder} belongs to another user: run this as that user."


def test_it_asks_for_a_studio_when_none_runs(data: DataFolder) -> None:
    sentence = borrow_environment(["migrate"])

    assert sentence
    assert f"No studio runs in {data.path}" in sentence
    assert "python3 manage.py studio" in sentence


def test_it_goes_on_with_a_database_of_the_person(data: DataFolder) -> None:
    os.environ["DATABASE_URL"] = "postgres://mine"

    assert borrow_environment(["migrate"]) is None


@pytest.mark.parametrize(
    "arguments",
    [["check"], ["makemigrations", "--check"], [], ["help"], ["migrate", "--help"], ["--version"]],
)
def test_it_lets_commands_without_engines_go_on(arguments: list[str]) -> None:
    assert borrow_environment(arguments) is None

    assert os.environ["DATABASE_URL"] == PLACEHOLDERS["DATABASE_URL"]
