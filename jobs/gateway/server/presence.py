"""Says to the other processes that this one lives: by a lock in the database that ends with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from django.db import connection

from jobs.services.programs.idempotency import LIVING, THIS_PROCESS

logger = logging.getLogger(__name__)

# Well below the time that others give us after the database was started.
AGAIN_AFTER_S = 0.5
ASK_EVERY_S = 5.0
_OF_DJANGO = ("cursor_factory", "context", "prepare_threshold")


class Presence:
    """Holds the lock over a connection of its own. Its task ends with the loop that it is on."""

    def __init__(self, before: Callable[[], Awaitable[None]]) -> None:
        # Until its marks are made, a repeat of who left here must not find it waiting.
        self._before = before
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._stay())

    async def stop(self) -> None:
        task, self._task = self._task, None
        while task is not None and not task.done():
            # Once is not always enough: a connection that is just being made may swallow it.
            task.cancel()
            await asyncio.wait([task], timeout=0.5)

    async def _stay(self) -> None:
        while True:
            try:
                await self._hold_lock()
            except (psycopg.Error, OSError) as error:
                logger.warning("the gateway's place is not kept: %s", type(error).__name__)
            except Exception:
                # Whatever it was: without this task all who wait here would be taken for dead.
                logger.exception("the gateway's place is not kept")
            await asyncio.sleep(AGAIN_AFTER_S)

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
