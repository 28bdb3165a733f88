"""The suite on another day: a shim before libc moves the wall clock of all its processes alike.

Engines, servers, workers and the browser believe it; monotonic clocks, which waits go by, stay as
they are. A program without libc keeps the real day.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import MutableMapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from imagestudio.engines.bootstrap import PROJECT
from imagestudio.engines.errors import StudioError

OPTION = "--today"
OFFSET = "CLOCK_OFFSET_S"
SINCE = "CLOCK_SINCE_S"
WORN = ("LD_PRELOAD", OFFSET, SINCE)
SOURCE = PROJECT / "tests" / "clock.c"
DAY_S = 86_400


def take_option(arguments: Sequence[str]) -> tuple[date | None, list[str]]:
    """The day that is asked for, and the arguments without it."""
    rest = list(arguments)
    for place, word in enumerate(rest):
        name, is_joined, text = word.partition("=")
        if name == OPTION:
            text = text if is_joined else "".join(rest[place + 1 : place + 2])
            del rest[place : place + (1 if is_joined else 2)]
            return _day(text), rest
    return None, rest


def is_moved_to(day: date) -> bool:
    return OFFSET in os.environ and datetime.now(UTC).date() == day


def start_over(day: date) -> None:
    """Begin this very command anew under the moved clock; what it starts inherits it."""
    if OFFSET in os.environ:
        raise StudioError(f"The clock could not be moved to {day}: this Python does not use libc.")
    folder = Path(tempfile.mkdtemp(prefix="imagestudio-clock-"))
    put_on(os.environ, build_shim(folder), day)
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - This very command again.


def put_on(env: MutableMapping[str, str], shim: Path, day: date) -> None:
    days = (day - datetime.now(UTC).date()).days
    worn_s = int(os.environ.get(OFFSET, "0"))
    since_s = int(os.environ.get(SINCE) or time.time())
    seconds = days * DAY_S + worn_s
    env.update({"LD_PRELOAD": str(shim), OFFSET: str(seconds), SINCE: str(since_s)})


def build_shim(folder: Path) -> Path:
    """Compile it where every account may read it; a name with a space would be two libraries."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise StudioError(f"{OPTION} needs a C compiler: install gcc.")
    shim = folder / "clock.so"
    command = [compiler, "-shared", "-fPIC", "-o", str(shim), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)  # noqa: S603 - Our own source, no shell.
    folder.chmod(0o755)
    shim.chmod(0o755)
    return shim


def remove_shim() -> None:
    if OFFSET in os.environ:
        shutil.rmtree(Path(os.environ["LD_PRELOAD"]).parent, ignore_errors=True)


def worn() -> dict[str, str]:
    """What a child needs to see the same time, however narrow its environment is."""
    if OFFSET not in os.environ:
        return {}
    return {name: os.environ[name] for name in WORN if name in os.environ}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise StudioError(f"{OPTION} wants a day like 2026-12-02.") from None
