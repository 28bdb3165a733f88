"""Short work with the database: few at a time, and no more of it than gets its turn soon."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from django.db import OperationalError

from imagestudio.web.away import AwayGate
from imagestudio.web.chunked import HungUp
from imagestudio.web.database import is_gone, release_connection
from jobs.gateway.api.errors import ApiError
from jobs.gateway.api.ready_made import BUSY
from jobs.gateway.server.connection import ClientConnection

Result = TypeVar("Result")

# Fewer than the database's pool has places: a burst here leaves some for the pages.
THREADS = 4
# Pictures are opened in threads of their own: keys are never checked behind them.
PICTURE_THREADS = 2
MAX_WAITING = 1000  # New requests; they wait behind each other, a dozen seconds at most.
AWAY_S = 3.0


class Away(OperationalError):
    """The database did not answer a moment ago, so it was not asked again."""


class Threads:
    """Does work in threads, and gives its connection back."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gateway")
        self._pictures = ThreadPoolExecutor(PICTURE_THREADS, thread_name_prefix="gateway-pictures")
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        # Marks of clients that went away must not come behind their own repeats.
        self._marking = ThreadPoolExecutor(1, thread_name_prefix="gateway-delivery_log")
        # Each asking waits for the database, in one of few threads: one asks, the others wait on.
        self._gate = AwayGate(AWAY_S, one_asks=True)
        self._waiting = 0

    def stop(self) -> None:
        self._threads.shutdown(wait=False)
        self._pictures.shutdown(wait=False)
        self._marking.shutdown(wait=False)

    async def receive(self, connection: ClientConnection, work: Callable[[], Result]) -> Result:
        """Do what a new request asks for, unless too many wait or its client goes meanwhile."""
        if self._waiting >= MAX_WAITING:
            raise ApiError(BUSY)
        self._waiting += 1
        try:
            return await self.do(partial(_unless_gone, connection, work))
        finally:
            self._waiting -= 1

    async def open_pictures(
        self, connection: ClientConnection, member: UUID, work: Callable[[], Result]
    ) -> Result:
        """The same for a request with pictures: one of a member's at a time, for fairness."""
        lock = self._locks.get(member)
        if lock is None:
            lock = self._locks[member] = asyncio.Lock()
        async with lock:
            if connection.is_gone:
                raise HungUp
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pictures, self._tidily, work)

    def do(self, work: Callable[[], Result]) -> Awaitable[Result]:
        """Do what a pending request needs."""
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._threads, self._tidily, work)

    def mark(self, work: Callable[[], Result]) -> Awaitable[Result]:
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._marking, self._tidily, work)

    def _tidily(self, work: Callable[[], Result]) -> Result:
        if not self._gate.lets_ask():
            raise Away("it did not answer a moment ago")
        try:
            result = work()
        except (ApiError, HungUp):
            raise  # They say nothing of the database.
        except Exception as error:
            # What is unsettled says by its cause why it is.
            if is_gone(error.__cause__ or error):
                self._gate.note_away()
            else:
                self._gate.note_answer()
            raise
        else:
            self._gate.note_answer()
            return result
        finally:
            release_connection()


def _unless_gone(connection: ClientConnection, work: Callable[[], Result]) -> Result:
    if connection.is_gone:
        raise HungUp
    return work()
