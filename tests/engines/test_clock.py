"""A test run on another day: every process of it believes the day, and no wait gets longer."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from imagestudio.engines import clock
from imagestudio.engines.clock import build_shim, put_on, take_option
from imagestudio.engines.errors import StudioError

DAY = date(2031, 5, 6)
SINCE_THE_REAL_DAY_S = (DAY - datetime.now(UTC).date()).days * 86_400
AGES_S = (3600, SINCE_THE_REAL_DAY_S, 2 * SINCE_THE_REAL_DAY_S)
LOOK = "import datetime; print(datetime.datetime.now(datetime.UTC).date())"


@pytest.fixture
def shim() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="clock-"))
    yield build_shim(folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--today", "2031-05-06", "tests/house", "-q"], (DAY, ["tests/house", "-q"])),
        (["-q", "--today=2031-05-06"], (DAY, ["-q"])),
        (["tests/house"], (None, ["tests/house"])),
    ],
)
def test_d02_it_takes_the_day_out_of_the_arguments(
    arguments: list[str], expected: tuple[date | None, list[str]]
) -> None:
    assert take_option(arguments) == expected


@pytest.mark.parametrize("arguments", [["--today"], ["--today", "tomorrow"], ["--today="]])
def test_d02_it_says_how_a_day_is_written(arguments: list[str]) -> None:
    with pytest.raises(StudioError, match="wants a day like 2026-12-02"):
        take_option(arguments)


def test_d02_a_process_and_its_children_see_that_day(shim: Path) -> None:
    env = dict(os.environ)
    put_on(env, shim, DAY)
    child = f"import subprocess, sys; {LOOK}; subprocess.run([sys.executable, '-c', {LOOK!r}])"

    said = subprocess.check_output([sys.executable, "-u", "-c", child], env=env, text=True)
    by_c = subprocess.check_output(["date", "-u", "+%F"], env=env, text=True)

    assert (said + by_c).split() == [DAY.isoformat()] * 3


def test_d02_a_file_is_as_old_as_its_writer_says(shim: Path, tmp_path: Path) -> None:
    env = dict(os.environ)
    put_on(env, shim, DAY)
    write = "import os, sys, time; age_s = int(sys.argv[1]); open(sys.argv[2], 'w').close(); "
    date_back = "then = time.time() - age_s; age_s and os.utime(sys.argv[2], (then, then)); "
    look = "print(time.time() - os.stat(sys.argv[2]).st_mtime)"
    python = [sys.executable, "-c", write + date_back + look]

    said = [
        float(subprocess.check_output([*python, str(age_s), tmp_path / "file"], env=env, text=True))
        for age_s in (0, *AGES_S)
    ]

    assert said == [pytest.approx(age_s, abs=20) for age_s in (0, *AGES_S)]


def test_d02_waits_take_no_longer_on_that_day(shim: Path) -> None:
    env = dict(os.environ)
    put_on(env, shim, DAY)
    waits = "import threading; threading.Event().wait(0.2); threading.Lock().acquire(timeout=0.2)"
    started = time.monotonic()

    subprocess.run([sys.executable, "-c", waits], env=env, check=True, timeout=30)

    assert time.monotonic() - started < 20


def test_d02_without_a_compiler_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(StudioError, match="needs a C compiler"):
        build_shim(tmp_path)


def test_d02_a_child_with_a_narrow_environment_wears_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(clock.OFFSET, raising=False)
    assert clock.worn() == {}
    monkeypatch.setenv(clock.OFFSET, "86400")
    monkeypatch.setenv("LD_PRELOAD", "/somewhere/clock.so")
    monkeypatch.setenv(clock.SINCE, "1700000000")

    assert clock.worn() == {
        "LD_PRELOAD": "/somewhere/clock.so",
        clock.OFFSET: "86400",
        clock.SINCE: "1700000000",
    }
