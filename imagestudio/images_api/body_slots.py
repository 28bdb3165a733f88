"""Slots for bodies: a semaphore that nobody waits for longer than a given time."""

import threading
from types import TracebackType


class BodySlots:
    """Bounds how many bodies are read at a time, and with them the memory.

    Who has waited for long goes in all the same: a few bodies that drip must not keep a paid one
    waiting until its call is cut.
    """

    def __init__(self, count: int, *, patience_s: float) -> None:
        self._free = threading.Semaphore(count)
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._without_place = 0

    def __enter__(self) -> None:
        if not self._free.acquire(timeout=self._patience_s):
            with self._lock:
                self._without_place += 1

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        with self._lock:
            if self._without_place:
                self._without_place -= 1
                return
        self._free.release()
