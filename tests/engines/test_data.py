"""The data folder: one owner, private secrets, a state that other commands read."""

import fcntl
import json
import os
import shutil
import stat
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from imagestudio.engines.data import DataFolder, Secrets, StateFile, write_private
from imagestudio.engines.errors import StudioError
from tests.folders import ordinary_user

STATE = StateFile(
    pid=4711, address="http://127.0.0.1:8000", environment={"DATABASE_URL": "postgres:"}
)


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    data = DataFolder(tmp_path / "deep" / "studio")
    data.prepare()
    return data


def test_it_has_one_owner(data: DataFolder) -> None:
    with data.owned():
        data.tell(STATE)

        with pytest.raises(StudioError, match=r"already running .* at http://127.0.0.1:8000 "):
            data.owned().__enter__()


def test_it_is_free_after_its_owner(data: DataFolder) -> None:
    with data.owned():
        pass

    with data.owned():
        assert data.running() is None


def test_it_tells_the_state_while_it_is_owned(data: DataFolder) -> None:
    with data.owned():
        data.tell(STATE)

        assert data.running() == STATE


def test_it_does_not_believe_a_state_without_an_owner(data: DataFolder) -> None:
    data.tell(STATE)

    assert data.running() is None


def test_it_keeps_the_secrets_of_the_first_start(data: DataFolder) -> None:
    assert data.secrets() == data.secrets()
    assert len(data.secrets().secret_key) >= 50


def test_w09_it_makes_the_password_that_an_older_version_did_not_have(data: DataFolder) -> None:
    old = asdict(Secrets.fresh())
    del old["postgres_app_password"]
    (data.path / "secrets.json").write_text(json.dumps(old))

    found = data.secrets()

    assert asdict(found) == old | {"postgres_app_password": found.postgres_app_password}
    assert len(found.postgres_app_password) >= 40
    assert data.secrets() == found


def test_it_keeps_what_it_writes_private(data: DataFolder) -> None:
    data.secrets()
    data.tell(STATE)

    for name in ("secrets.json", "state.json", "lock"):
        assert stat.S_IMODE((data.path / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(data.logs.stat().st_mode) == 0o700


def test_w04_it_shuts_others_out_of_a_folder_that_was_open(data: DataFolder) -> None:
    data.secrets()
    left = data.path / "first-words"
    old = data.logs / "web-1.log.1"
    for path in (left, old):
        path.write_text("password: correct-horse")
        path.chmod(0o644)
    data.logs.chmod(0o755)
    data.path.chmod(0o755)

    data.prepare()

    assert not [p for p in (data.path, *data.path.rglob("*")) if is_readable_by_others(p)]


def test_w04_it_closes_an_empty_folder_that_somebody_made_for_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    DataFolder(tmp_path).prepare()

    assert not is_readable_by_others(tmp_path)


def test_w04_it_leaves_the_rights_of_a_folder_that_holds_other_things(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch(mode=0o644)
    tmp_path.chmod(0o755)

    DataFolder(tmp_path).prepare()

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "thesis.txt").stat().st_mode) == 0o644
    assert not is_readable_by_others(tmp_path / "logs")


def is_readable_by_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o066)


def test_it_says_when_the_secrets_are_damaged(data: DataFolder) -> None:
    (data.path / "secrets.json").write_text('{"secret_key": ')

    with pytest.raises(StudioError, match=r"secrets\.json is damaged"):
        data.secrets()


def test_it_says_when_a_file_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "studio").touch()

    with pytest.raises(StudioError, match="is not a folder"):
        DataFolder(tmp_path / "studio").prepare()


def test_it_says_when_the_name_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="has too long a name"):
        DataFolder(tmp_path / ("studio" * 50)).prepare()


def test_it_says_when_the_folder_is_not_writable(folder: Path) -> None:
    folder.chmod(0o511)

    with ordinary_user(), pytest.raises(StudioError, match="is not writable"):
        DataFolder(folder / "studio").prepare()


def test_it_says_whose_studio_it_is_when_it_belongs_to_another(folder: Path) -> None:
    data = DataFolder(folder)
    data.prepare()
    data.lock.chmod(0)

    with ordinary_user(), pytest.raises(StudioError, match="belongs to another user"):
        data.running()


def test_no_studio_runs_where_no_folder_is(tmp_path: Path) -> None:
    assert DataFolder(tmp_path / "nowhere").running() is None


def test_an_owner_that_still_starts_has_nothing_to_tell(data: DataFolder) -> None:
    with data.owned():
        assert data.running() is None

        with pytest.raises(StudioError, match=rf"already running on {data.path}\. Stop that one"):
            data.owned().__enter__()


def test_a_command_that_only_looks_keeps_no_owner_out(data: DataFolder) -> None:
    looker = data.lock.open("rb")
    fcntl.flock(looker, fcntl.LOCK_SH)
    threading.Timer(0.05, looker.close).start()

    with data.owned():
        assert looker.closed


def test_it_says_when_a_file_is_in_the_way_further_up(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StudioError, match="is not a folder"):
        DataFolder(tmp_path / "file" / "studio").prepare()


def test_w04_the_folders_above_it_are_closed_too(tmp_path: Path) -> None:
    before = os.umask(0)
    DataFolder(tmp_path / "var" / "studio").prepare()
    os.umask(before)

    assert not is_readable_by_others(tmp_path / "var")


def test_w04_it_leaves_the_rights_of_what_a_link_leads_to(data: DataFolder, tmp_path: Path) -> None:
    data.secrets()
    (tmp_path / "thesis.txt").touch()
    (tmp_path / "thesis.txt").chmod(0o644)
    (data.path / "thesis").symlink_to(tmp_path / "thesis.txt")
    (data.path / "nowhere").symlink_to(tmp_path / "nowhere")

    data.prepare()

    assert stat.S_IMODE((tmp_path / "thesis.txt").stat().st_mode) == 0o644


def test_a_file_that_can_not_be_replaced_leaves_no_half(tmp_path: Path) -> None:
    (tmp_path / "state.json").mkdir()

    with pytest.raises(IsADirectoryError):
        write_private(tmp_path / "state.json", "{}")

    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("text", ["null", "[]", "{}", '{"secret_key": "a"}', "\0\0\0"])
def test_it_makes_no_new_secrets_in_place_of_spoilt_ones(data: DataFolder, text: str) -> None:
    (data.path / "secrets.json").write_text(text)

    with pytest.raises(StudioError, match=r"secrets\.json is damaged: put back the file"):
        data.secrets()


def test_it_says_when_the_disk_is_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=5 << 20))

    with pytest.raises(StudioError, match=r"has 5 MB left .* free some space"):
        DataFolder(tmp_path / "studio").prepare()
