"""What the person sees. A terminal that was closed meanwhile must not stop the shutdown."""

import contextlib
import os


def say(text: str) -> None:
    """The few lines that matter: the address, the first password, what happens at the end."""
    _write(1, text)


def note(text: str) -> None:
    """What goes on meanwhile."""
    _write(2, text)


def _write(descriptor: int, text: str) -> None:
    # Past Python's buffers, which would try a closed terminal again at the very end and fail.
    with contextlib.suppress(OSError):
        os.write(descriptor, f"{text}\n".encode())
