"""The long part of a call: waiting without a thread and without a database connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

from imagestudio.web.errors import is_away
from jobs.gateway.api import documents, outcome
from jobs.gateway.api.faults import Trouble
from jobs.gateway.api.outcome import Ended
from jobs.gateway.api.replies import Held, Reply
from jobs.gateway.server.line import Line
from jobs.gateway.server.marks import Marks
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


class Patience:
    """Listens for the bell and for the client's going, both at once."""

    def __init__(self, line: Line, bell: asyncio.Event) -> None:
        self._bell = bell
        self._gone = line.watch()

    async def news(self, within_s: float) -> News:
        """Who went is told nothing more, whatever rang at the same moment."""
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
class Hold:
    """A held request with all that serves it."""

    held: Held
    line: Line
    waiters: Waiters
    threads: Threads
    marks: Marks

    async def answer(self) -> Told:
        """Wait for the job and tell what became of it."""
        with self.waiters.waiting(self.held.job_id) as bell:
            if self.held.is_over:
                bell.set()
            return await self._wait(Patience(self.line, bell))

    async def look(self, look: Callable[[], Result], patience: Patience) -> Result | None:
        """Look at the job; while the database is away nobody is sent off, only kept waiting."""
        try:
            return await self.threads.do(look)
        except Exception as error:
            if not is_away(error):
                raise
            patience.look_again_soon()
            return None

    async def tell_to_come_back(self) -> Told:
        """Sending again is right where it joins the same job; anywhere else it would be paid."""
        joins = await self.leave_mark() or self.held.is_repeatable
        await self.line.fail(self.still_running(joins=joins))
        return Told.TO_COME_BACK

    async def leave_mark(self) -> bool:
        """Before the answer goes out, as its repeat may be here at once; True when that joins."""
        is_marked = await self.marks.leave(self.held.request_id)
        return is_marked and self.held.counts_tries

    def still_running(self, *, joins: bool) -> Trouble:
        place = f"{self.held.door.origin}/v1/studio/jobs/{self.held.job_id}/result"
        return Trouble(
            status=504,
            message=f"The job goes on. Its answer will be at {place}.",
            code="still_running",
            again=joins,
            retry_after_s=1 if joins else None,
        )

    async def _wait(self, patience: Patience) -> Told:
        now = asyncio.get_running_loop().time
        limit_s, is_async = self.held.wait_s, False
        if self.held.async_after_s is not None and self.held.async_after_s < limit_s:
            limit_s, is_async = self.held.async_after_s, True
        give_up_at = now() + limit_s
        while True:
            news = await patience.news(give_up_at - now())
            if news is News.HUNG_UP:
                return Told.NOTHING
            ended = await self.look(self._load, patience)
            if ended is not None:
                return await self._tell(ended)
            if news is News.SILENCE and is_async:
                reply = await self.look(self._document, patience)
                return await self._tell_async(reply)
            if news is News.SILENCE:
                return await self.tell_to_come_back()

    def _load(self) -> Ended | None:
        held = self.held
        return outcome.load(held.job_id, held.door, held.response_format)

    async def _tell(self, ended: Ended) -> Told:
        self.line.add(ended.headers)
        if ended.trouble is not None:
            await self.line.fail(ended.trouble)
        elif (parts := ended.parts) is not None:
            try:
                size = {"content-length": str(parts.byte_count)}
                await self.line.begin(200, {"content-type": "application/json", **size})
                await self.line.write_parts(parts)
                await self.line.end()
            finally:
                parts.close()
        return self.told()

    def told(self) -> Told:
        return Told.ALL if self.line.was_heard else Told.NOTHING

    async def _tell_async(self, reply: Reply | None) -> Told:
        if reply is None:
            return await self.tell_to_come_back()
        await self.line.reply(reply)
        return self.told()

    def _document(self) -> Reply:
        job = Job.objects.prefetch_related("images").get(pk=self.held.job_id)
        return documents.accepted(job, self.held.door, {})
