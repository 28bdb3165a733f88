"""The room for answers, and the answers that lie here already."""

import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from jobs.services.run import spool
from jobs.services.run.spool import SpoolEntry, SpoolFull, complete_before


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.SPOOL_DIR = tmp_path / "spool"
    return tmp_path / "spool"


def test_calls_that_begin_in_the_same_second_share_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the room that is left each takes four tenths."""
    left_bytes = shutil.disk_usage(tmp_path).free - spool.MIN_FREE_BYTES
    monkeypatch.setattr(spool, "CALL_BYTES", left_bytes * 4 // 10)
    SpoolEntry(uuid4(), 1).prepare()
    SpoolEntry(uuid4(), 1).prepare()

    with pytest.raises(SpoolFull):
        SpoolEntry(uuid4(), 1).prepare()


def test_room_is_there_again_a_while_after_answers_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_bytes = shutil.disk_usage(tmp_path).free - spool.MIN_FREE_BYTES
    monkeypatch.setattr(spool, "CALL_BYTES", left_bytes * 4 // 10)
    monkeypatch.setattr(spool, "COUNTED_FOR_S", 0.0)
    entries = [SpoolEntry(uuid4(), 1), SpoolEntry(uuid4(), 1)]
    for entry in entries:
        entry.prepare()
    entries[0].discard()

    SpoolEntry(uuid4(), 1).prepare()


@pytest.mark.parametrize(("of_call", "is_found"), [(1, True), (3, True), (4, False)])
def test_it_finds_the_answer_to_any_call_up_to_this_one(of_call: int, is_found: bool) -> None:
    job_id = uuid4()
    entry = SpoolEntry(job_id, of_call)
    entry.prepare()
    (entry.folder / spool.MANIFEST).write_text("{}")

    assert complete_before(job_id, 3) == (entry if is_found else None)


def test_an_answer_that_is_still_coming_is_not_found() -> None:
    job_id = uuid4()
    SpoolEntry(job_id, 1).prepare()

    assert complete_before(job_id, 1) is None
