"""The long part of a call: waiting without a thread and without a database connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, TypeVar

from jobs.gateway import documents, outcome
from jobs.gateway.faults import Trouble
from jobs.gateway.line import Line
from jobs.gateway.outcome import Ended
from jobs.gateway.replies import Held, Reply
from jobs.gateway.waiting import Waiters
from jobs.models import Job
from jobs.services import idempotency

Result = TypeVar("Result")


class InThread(Protocol):
    """Does something with the database in a thread, and gives its connection back."""

    def __call__(self, work: Callable[[], Result]) -> Awaitable[Result]: ...


class News(Enum):
    RUNG = auto()
    SILENCE = auto()
    HUNG_UP = auto()


class Patience:
    """Listens for the bell and for the client's going, both at once."""

    def __init__(self, line: Line, bell: asyncio.Event) -> None:
        self._bell = bell
        self._gone = asyncio.create_task(line.hung_up())

    async def news(self, within_s: float) -> News:
        rung = asyncio.create_task(self._bell.wait())
        try:
            await asyncio.wait(
                {rung, self._gone}, timeout=max(0.0, within_s), return_when=asyncio.FIRST_COMPLETED
            )
            if self._bell.is_set():
                self._bell.clear()
                return News.RUNG
            return News.HUNG_UP if self._gone.done() else News.SILENCE
        finally:
            rung.cancel()

    async def end(self) -> None:
        self._gone.cancel()
        await asyncio.gather(self._gone, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Hold:
    """A held request with all that serves it."""

    held: Held
    line: Line
    waiters: Waiters
    in_thread: InThread

    async def answer(self) -> bool:
        """Wait for the job and tell what became of it; False when the client went away."""
        with self.waiters.waiting(self.held.job_id) as bell:
            if self.held.is_over:
                bell.set()
            patience = Patience(self.line, bell)
            try:
                return await self._wait(patience)
            finally:
                await patience.end()

    async def _wait(self, patience: Patience) -> bool:
        now = asyncio.get_running_loop().time
        limit_s, is_async = self.held.wait_s, False
        if self.held.async_after_s is not None and self.held.async_after_s < limit_s:
            limit_s, is_async = self.held.async_after_s, True
        give_up_at = now() + limit_s
        while True:
            news = await patience.news(give_up_at - now())
            if news is News.HUNG_UP:
                return False
            ended = await self.in_thread(self._load)
            if ended is not None:
                await self._tell(ended)
                return True
            if news is News.SILENCE:
                await (self._tell_async() if is_async else self._tell_to_come_back())
                return True

    def _load(self) -> Ended | None:
        held = self.held
        return outcome.load(held.job_id, held.origin, held.response_format)

    async def _tell(self, ended: Ended) -> None:
        self.line.add(ended.headers)
        if ended.trouble is not None:
            await self.line.fail(ended.trouble)
        if (parts := ended.parts) is None:
            return
        try:
            size = str(parts.byte_count)
            await self.line.begin(200, {"content-type": "application/json", "content-length": size})
            await self.line.write_parts(parts)
            await self.line.end()
        finally:
            parts.close()

    async def _tell_async(self) -> None:
        await self.line.reply(await self.in_thread(self._document))

    def _document(self) -> Reply:
        job = Job.objects.prefetch_related("images").get(pk=self.held.job_id)
        return documents.accepted(job, self.held.origin, {})

    async def _tell_to_come_back(self) -> None:
        """Sending again is right where it joins the same job; anywhere else it would be paid."""
        held = self.held
        joins = held.is_repeatable
        if held.counts_tries and not joins:
            joins = await self.in_thread(lambda: idempotency.leave(held.job_id))
        job = f"{held.origin}/v1/studio/jobs/{held.job_id}"
        trouble = Trouble(
            status=504,
            message=f"The job goes on. Its answer will be at {job}/result.",
            code="still_running",
            again=joins,
            retry_after_s=1 if joins else None,
        )
        await self.line.fail(trouble)
