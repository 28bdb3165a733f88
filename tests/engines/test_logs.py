"""Logs are bounded and closed to others, and the end of one is quick to find."""

import stat
from pathlib import Path

import pytest

from imagestudio.engines import logs


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web-1.log"


def test_w04_a_new_log_is_closed_to_others(log: Path) -> None:
    logs.appending(log).close()

    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_its_writer_goes_on_in_the_emptied_file(log: Path) -> None:
    with logs.appending(log) as writer:
        writer.write(b"old words\n")
        writer.flush()

        logs.trim(log, max_bytes=5)
        writer.write(b"new words\n")

    assert log.read_text() == "new words\n"
    aside = log.with_name("web-1.log.1")
    assert aside.read_text() == "old words\n"
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600


def test_a_log_of_just_the_size_stays(log: Path) -> None:
    log.write_text("12345")

    logs.trim(log, max_bytes=5)

    assert log.read_text() == "12345"


def test_what_was_put_aside_before_makes_room(log: Path) -> None:
    log.with_name("web-1.log.1").write_text("older words, and more of them")
    log.write_text("old words")

    logs.trim(log, max_bytes=5)

    assert log.with_name("web-1.log.1").read_text() == "old words"


def test_a_log_that_is_not_there_is_an_empty_one(log: Path) -> None:
    logs.trim(log)

    assert (logs.size(log), logs.tail(log)) == (0, "")
    assert not log.exists()


def test_the_end_of_a_long_log_is_its_last_lines(log: Path) -> None:
    log.write_text("".join(f"line {number}\n" for number in range(10_000)))

    assert logs.tail(log, lines=2) == "line 9998\nline 9999"
    assert len(logs.tail(log).splitlines()) == logs.TAIL_LINES


def test_words_of_an_earlier_start_are_not_repeated(log: Path) -> None:
    log.write_text("no such table\n")
    before = logs.size(log)
    with logs.appending(log) as writer:
        writer.write(b"out of \xff memory\n")

    assert logs.since(log, before) == "out of \N{REPLACEMENT CHARACTER} memory"


def test_a_wordy_start_is_cut_to_its_end(log: Path) -> None:
    log.write_text("".join(f"line {number}\n" for number in range(10_000)))

    said = logs.since(log, 0).splitlines()

    assert (len(said), said[-1]) == (logs.TAIL_LINES, "line 9999")
