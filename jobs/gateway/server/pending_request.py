"""The long part of a call: waiting without a thread and without a database connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

from imagestudio.web.errors import is_away
from jobs.gateway.api import documents, outcome
from jobs.gateway.api.errors import ErrorAnswer
from jobs.gateway.api.outcome import Ended
from jobs.gateway.api.replies import ApiResponse, Pending
from jobs.gateway.server.connection import ClientConnection
from jobs.gateway.server.delivery_log import DeliveryLog
from jobs.gateway.server.threads import Threads
from jobs.gateway.server.waiting import Waiters
from jobs.models import Job

Result = TypeVar("Result")

# While the database is away, a job may have ended without anybody having looked.
LOOK_AGAIN_AFTER_S = 1.0


class News(Enum):
    RUNG = auto()
    SILENCE = auto()
    HUNG_UP = auto()


class Told(Enum):
    """What a client knows when its request is over."""

    ALL = auto()
    TO_COME_BACK = auto()
    NOTHING = auto()  # It went, or only a part reached it.


class Listener:
    """Listens for the bell and for the client's going, both at once."""

    def __init__(self, connection: ClientConnection, bell: asyncio.Event) -> None:
        self._bell = bell
        self._gone = connection.watch()

    async def news(self, within_s: float) -> News:
        """What happened first; of a client that hung up nothing else matters, not even the bell."""
        rung = asyncio.create_task(self._bell.wait())
        try:
            await asyncio.wait(
                {rung, self._gone}, timeout=max(0.0, within_s), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            rung.cancel()
        if self._gone.done():
            return News.HUNG_UP
        if self._bell.is_set():
            self._bell.clear()
            return News.RUNG
        return News.SILENCE

    def look_again_soon(self) -> None:
        asyncio.get_running_loop().call_later(LOOK_AGAIN_AFTER_S, self._bell.set)


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A pending request with all that serves it."""

    pending: Pending
    connection: ClientConnection
    waiters: Waiters
    threads: Threads
    delivery_log: DeliveryLog

    async def answer(self) -> Told:
        """Wait for the job and tell what became of it."""
        with self.waiters.waiting(self.pending.job_id) as bell:
            if self.pending.is_over:
                bell.set()
            return await self._wait(Listener(self.connection, bell))

    async def look(self, look: Callable[[], Result], listener: Listener) -> Result | None:
        """Look at the job; while the database is away nobody is sent off, only kept waiting."""
        try:
            return await self.threads.do(look)
        except Exception as error:
            if not is_away(error):
                raise
            listener.look_again_soon()
            return None

    async def tell_to_come_back(self) -> Told:
        """Sending again is right where it joins the same job; anywhere else it would be paid."""
        joins = await self.leave_mark() or self.pending.is_repeatable
        await self.connection.fail(self.still_running(joins=joins))
        return Told.TO_COME_BACK

    async def leave_mark(self) -> bool:
        """Before the answer goes out, as its repeat may be here at once; True when that joins."""
        is_marked = await self.delivery_log.leave(self.pending.request_id)
        return is_marked and self.pending.counts_tries

    def still_running(self, *, joins: bool) -> ErrorAnswer:
        place = f"{self.pending.link_base.origin}/v1/studio/jobs/{self.pending.job_id}/result"
        return ErrorAnswer(
            status=504,
            message=f"The job goes on. Its answer will be at {place}.",
            code="still_running",
            again=joins,
            retry_after_s=1 if joins else None,
        )

    async def _wait(self, listener: Listener) -> Told:
        now = asyncio.get_running_loop().time
        limit_s, is_async = self.pending.wait_s, False
        if self.pending.async_after_s is not None and self.pending.async_after_s < limit_s:
            limit_s, is_async = self.pending.async_after_s, True
        give_up_at = now() + limit_s
        while True:
            news = await listener.news(give_up_at - now())
            if news is News.HUNG_UP:
                return Told.NOTHING
            ended = await self.look(self._load, listener)
            if ended is not None:
                return await self._tell(ended)
            if news is News.SILENCE and is_async:
                reply = await self.look(self._document, listener)
                return await self._tell_async(reply)
            if news is News.SILENCE:
                return await self.tell_to_come_back()

    def _load(self) -> Ended | None:
        pending = self.pending
        return outcome.load(pending.job_id, pending.link_base, pending.response_format)

    async def _tell(self, ended: Ended) -> Told:
        self.connection.add(ended.headers)
        if ended.error is not None:
            await self.connection.fail(ended.error)
        elif (parts := ended.parts) is not None:
            try:
                size = {"content-length": str(parts.byte_count)}
                await self.connection.begin(200, {"content-type": "application/json", **size})
                await self.connection.write_parts(parts)
                await self.connection.end()
            finally:
                parts.close()
        return self.told()

    def told(self) -> Told:
        return Told.ALL if self.connection.was_heard else Told.NOTHING

    async def _tell_async(self, reply: ApiResponse | None) -> Told:
        if reply is None:
            return await self.tell_to_come_back()
        await self.connection.reply(reply)
        return self.told()

    def _document(self) -> ApiResponse:
        job = Job.objects.prefetch_related("images").get(pk=self.pending.job_id)
        return documents.accepted(job, self.pending.link_base, {})
