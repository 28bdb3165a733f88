"""A circuit breaker of the smallest kind: a server that did not answer is left alone for a while.

Who asks a server that is away waits for a time-out, and pages and claims ask often.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
Failures = tuple[type[Exception], ...]


class AwayGate:
    """Knows, for all threads of a process, which servers may be asked now.

    After the pause everybody may ask again. With `one_asks` it is one at a time who may, until a
    server has answered: where each asking takes one of few threads.
    """

    def __init__(self, pause_s: float, *, one_asks: bool = False) -> None:
        self._pause_s = pause_s
        self._one_asks = one_asks
        self._again_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def lets_ask(self, server: str = "") -> bool:
        if server not in self._again_at:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._again_at.get(server, 0.0):
                return False
            is_after_pause = self._again_at.pop(server, None) is not None
            if is_after_pause and self._one_asks:
                self._again_at[server] = now + self._pause_s
            return True

    def note_away(self, server: str = "") -> None:
        with self._lock:
            self._again_at[server] = time.monotonic() + self._pause_s

    def note_answer(self, server: str = "") -> None:
        with self._lock:
            self._again_at.pop(server, None)

    def ask(
        self,
        server: str,
        question: Callable[[], Answer],
        otherwise: Answer,
        *,
        failures: Failures,
        tell: Callable[[Exception], object] = lambda error: None,
    ) -> Answer:
        """Ask the server, unless it is left alone; `tell` hears when that begins."""
        if not self.lets_ask(server):
            return otherwise
        try:
            answer = question()
        except failures as error:
            self.note_away(server)
            tell(error)
            return otherwise
        if self._one_asks:
            self.note_answer(server)
        return answer
