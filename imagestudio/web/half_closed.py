"""A client that has ended its sending half: does it still listen, or has it gone?

The wire looks the same. A client that is gone answers whatever else is sent with a reset.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from contextlib import suppress

# A reset comes within a round trip. Later the system's own probes find out.
LOOK_AFTER_S = (0.002, 0.01, 0.03, 0.1, 0.3)
LOOK_EVERY_S = 1.0
_PROBES = (("TCP_KEEPIDLE", 1), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 3))


class HalfClosed:
    """Watches one such connection until it is told to stop."""

    def __init__(self, wire: socket.socket, on_reset: Callable[[], None]) -> None:
        self._wire = wire
        self._on_reset = on_reset
        self._loop = asyncio.get_running_loop()
        self._waits = iter(LOOK_AFTER_S)
        self._ask_the_system()
        self._timer = self._loop.call_later(next(self._waits), self._look)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        if is_reset(self._wire):
            self._on_reset()
            return
        self._timer = self._loop.call_later(next(self._waits, LOOK_EVERY_S), self._look)

    def _ask_the_system(self) -> None:
        with suppress(OSError):
            self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _PROBES:
                if hasattr(socket, name):
                    self._wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def is_reset(wire: socket.socket) -> bool:
    poll = select.poll()
    poll.register(wire.fileno(), 0)
    return bool(poll.poll(0))
