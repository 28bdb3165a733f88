"""One log file for each child, bounded."""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 10 * 1024 * 1024
TAIL_LINES = 20


def appending(path: Path) -> BinaryIO:
    """Open it for more. It is never open to others, not even before the first line."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def trim(path: Path, max_bytes: int = MAX_BYTES) -> None:
    """Move the content aside when it has grown large; its writer goes on in the emptied file."""
    if not path.exists() or path.stat().st_size <= max_bytes:
        return
    aside = path.with_name(path.name + ".1")
    aside.touch(mode=0o600)
    shutil.copyfile(path, aside)
    os.truncate(path, 0)


def tail(path: Path, lines: int = TAIL_LINES) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 200 * lines))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.strip().splitlines()[-lines:])


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def since(path: Path, offset: int) -> str:
    """What was written after `offset`, its end at most."""
    with path.open("rb") as file:
        file.seek(offset)
        text = file.read().decode(errors="replace")
    return "\n".join(text.strip().splitlines()[-TAIL_LINES:])
