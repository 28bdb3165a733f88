"""Liveness lock: presence of this process, told by a lock in the database that ends with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from django.db import connection

from imagestudio.web.loops import AsyncLoop
from jobs.services.programs.idempotency import LIVING, THIS_PROCESS

# Well below the time that others give us after the database was started.
AGAIN_AFTER_S = 0.5
ASK_EVERY_S = 5.0
_OF_DJANGO = ("cursor_factory", "context", "prepare_threshold")


class Presence:
    """Holds the lock over a connection of its own. Its task ends with the loop that it is on."""

    def __init__(self, before: Callable[[], Awaitable[None]]) -> None:
        # Until its marks are made, a repeat of who left here must not find it waiting.
        self._before = before
        # Without it all who wait here would be taken for dead.
        self._loop = AsyncLoop("presence", self._hold_lock, lambda: AGAIN_AFTER_S)

    def start(self) -> None:
        self._loop.start()

    async def stop(self) -> None:
        await self._loop.stop()

    async def _hold_lock(self) -> None:
        async with await psycopg.AsyncConnection.connect(**_address(), autocommit=True) as mine:
            await self._before()
            await mine.execute("SELECT pg_advisory_lock(%s, %s)", [LIVING, THIS_PROCESS])
            while True:
                # Nobody notifies: it comes back at once when the connection is lost.
                async for _ in mine.notifies(timeout=ASK_EVERY_S):
                    pass
                await mine.execute("SELECT 1")


def _address() -> dict[str, Any]:
    known: dict[str, Any] = connection.get_connection_params()
    return {name: value for name, value in known.items() if name not in _OF_DJANGO}
