"""A member's pictures are opened one after the other, so that they never take all places."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

MOST_OF_ONE = 8  # One is opened, the others wait.
WAIT_S = 30.0


class GateBusy(Exception):
    """As many pictures of this member are being looked at as one may have. Nothing was kept."""


class Turns:
    """Safe from any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._claims: Counter[Hashable] = Counter()
        self._locks: dict[Hashable, threading.Lock] = {}

    @contextmanager
    def turn(self, member: Hashable | None) -> Iterator[None]:
        """Wait until no other picture of this member is open; nobody's pictures never wait."""
        if member is None:
            yield
            return
        lock = self._claim(member)
        try:
            if not lock.acquire(timeout=WAIT_S):
                raise GateBusy
            try:
                yield
            finally:
                lock.release()
        finally:
            self._let_go(member)

    def _claim(self, member: Hashable) -> threading.Lock:
        with self._guard:
            if self._claims[member] >= MOST_OF_ONE:
                raise GateBusy
            self._claims[member] += 1
            return self._locks.setdefault(member, threading.Lock())

    def _let_go(self, member: Hashable) -> None:
        with self._guard:
            self._claims[member] -= 1
            if not self._claims[member]:
                del self._claims[member], self._locks[member]
