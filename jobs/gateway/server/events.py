"""Answers as events: previews as they come, the picture, or what went wrong."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

from imagestudio.web.storage import StorageAway
from jobs.gateway.api import outcome
from jobs.gateway.api.errors import ErrorAnswer
from jobs.gateway.api.outcome import Ended, Parts
from jobs.gateway.server.pending_request import Listener, News, PendingRequest, Told
from jobs.models import Job
from jobs.services.pictures import partials

KEEP_ALIVE_S = 15.0
_HEAD = {
    "content-type": "text/event-stream",
    "x-accel-buffering": "no",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """What is new since the last look, ready to be sent."""

    previews: tuple[tuple[int, Parts], ...] = ()
    ended: Ended | None = None
    family: str = "image_generation"


@dataclass(slots=True)
class Stream:
    """A pending request that is answered with events.

    The head goes out with the first event, at the latest after a keep-alive's time: what is refused
    before that is an ordinary error with its own status, what goes wrong later is an event.
    """

    request: PendingRequest
    next_preview: int = 0
    _fence: int = field(default=0)

    async def answer(self) -> Told:
        """Send events until the job has ended, or nobody may wait for it any longer."""
        with self.request.waiters.waiting(self.request.pending.job_id) as bell:
            if self.request.pending.is_over:
                bell.set()
            return await self._wait(Listener(self.request.connection, bell))

    async def _wait(self, listener: Listener) -> Told:
        now = asyncio.get_running_loop().time
        give_up_at = now() + self.request.pending.wait_s
        while True:
            news = await listener.news(min(KEEP_ALIVE_S, give_up_at - now()))
            if news is News.HUNG_UP:
                return Told.NOTHING
            progress = await self.request.look(self._look, listener)
            if progress is not None and await self._has_ended(progress):
                return self.request.told()
            if now() >= give_up_at:
                return await self.tell_to_come_back()
            if news is News.SILENCE:
                await self._begin()
                await self.request.connection.write(b": the picture is on its way\n\n")

    async def _has_ended(self, progress: Progress) -> bool:
        for number, parts in progress.previews:
            await self._begin()
            await self._event(f"{progress.family}.partial_image", parts)
            self.next_preview = number + 1
        if progress.ended is not None:
            await self._finish(progress.ended, progress.family)
        return progress.ended is not None

    def _look(self) -> Progress:
        ended = outcome.load_event(self.request.pending.job_id)
        job = ended.job if ended else Job.objects.get(pk=self.request.pending.job_id)
        return Progress(tuple(self._previews(job)), ended, outcome.event_family(job))

    def _previews(self, job: Job) -> list[tuple[int, Parts]]:
        if job.fence != self._fence:
            self._fence, self.next_preview = job.fence, 0
        most = job.image_request.partial_images
        found = []
        for number in _come(job, self.next_preview, most):
            try:
                key = partials.key_of(job.pk, job.fence, number)
                found.append((number, outcome.partial_event(job, number, key)))
            except OSError:
                continue  # It was cleared away since; the picture itself is what counts.
        return found

    async def _finish(self, ended: Ended, family: str) -> None:
        connection = self.request.connection
        if ended.error is not None:
            if not connection.has_begun:
                connection.add(ended.headers)
            await self._tell(ended.error)
            return
        if not connection.has_begun:
            connection.add(ended.headers)
        await self._begin()
        if ended.parts is not None:
            await self._event(f"{family}.completed", ended.parts)
        await connection.end()

    async def tell_to_come_back(self) -> Told:
        if not self.request.connection.has_begun:
            return await self.request.tell_to_come_back()
        await self.request.leave_mark()
        await self._tell(self.request.still_running(joins=False))
        return Told.TO_COME_BACK

    async def _tell(self, error: ErrorAnswer) -> None:
        connection = self.request.connection
        if not connection.has_begun:
            await connection.fail(error)
            return
        document = {"type": "error", **error.document()}
        await connection.end(f"event: error\ndata: {json.dumps(document)}\n\n".encode())

    async def _begin(self) -> None:
        if not self.request.connection.has_begun:
            await self.request.connection.begin(200, _HEAD)

    async def _event(self, name: str, parts: Parts) -> None:
        try:
            await self.request.connection.write(f"event: {name}\ndata: ".encode())
            await self.request.connection.write_parts(parts)
            await self.request.connection.write(b"\n\n")
        finally:
            parts.close()


def _come(job: Job, index: int, at_most: int) -> list[int]:
    """None while storage is away: a stream without previews is better than none."""
    try:
        return partials.since(job, index, at_most)
    except StorageAway:
        return []
