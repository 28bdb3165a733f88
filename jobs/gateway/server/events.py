"""Answers as events: previews as they come, the picture, or what went wrong."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

from jobs.gateway.api import outcome
from jobs.gateway.api.faults import Trouble
from jobs.gateway.api.outcome import Ended, Parts
from jobs.gateway.server.holding import Hold, News, Patience, Told
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
    """A held request that is answered with events.

    The head goes out with the first event, at the latest after a keep-alive's time: what is refused
    before that is an ordinary error with its own status, what goes wrong later is an event.
    """

    hold: Hold
    next_preview: int = 0
    _fence: int = field(default=0)

    async def answer(self) -> Told:
        """Send events until the job has ended, or nobody may wait for it any longer."""
        with self.hold.waiters.waiting(self.hold.held.job_id) as bell:
            if self.hold.held.is_over:
                bell.set()
            return await self._wait(Patience(self.hold.line, bell))

    async def _wait(self, patience: Patience) -> Told:
        now = asyncio.get_running_loop().time
        give_up_at = now() + self.hold.held.wait_s
        while True:
            news = await patience.news(min(KEEP_ALIVE_S, give_up_at - now()))
            if news is News.HUNG_UP:
                return Told.NOTHING
            progress = await self.hold.look(self._look, patience)
            if progress is not None and await self._has_ended(progress):
                return self.hold.told()
            if now() >= give_up_at:
                return await self._tell_to_come_back()
            if news is News.SILENCE:
                await self._begin()
                await self.hold.line.write(b": the picture is on its way\n\n")

    async def _has_ended(self, progress: Progress) -> bool:
        for number, parts in progress.previews:
            await self._begin()
            await self._event(f"{progress.family}.partial_image", parts)
            self.next_preview = number + 1
        if progress.ended is not None:
            await self._finish(progress.ended, progress.family)
        return progress.ended is not None

    def _look(self) -> Progress:
        ended = outcome.load_event(self.hold.held.job_id)
        job = ended.job if ended else Job.objects.get(pk=self.hold.held.job_id)
        return Progress(tuple(self._previews(job)), ended, outcome.event_family(job))

    def _previews(self, job: Job) -> list[tuple[int, Parts]]:
        if job.fence != self._fence:
            self._fence, self.next_preview = job.fence, 0
        most = job.image_request.partial_images
        found = []
        for number in partials.since(job, self.next_preview, most):
            try:
                key = partials.key_of(job.pk, job.fence, number)
                found.append((number, outcome.partial_event(job, number, key)))
            except OSError:
                continue  # It was cleared away since; the picture itself is what counts.
        return found

    async def _finish(self, ended: Ended, family: str) -> None:
        line = self.hold.line
        if ended.trouble is not None:
            if not line.has_begun:
                line.add(ended.headers)
            await self._tell(ended.trouble)
            return
        if not line.has_begun:
            line.add(ended.headers)
        await self._begin()
        if ended.parts is not None:
            await self._event(f"{family}.completed", ended.parts)
        await line.end()

    async def _tell_to_come_back(self) -> Told:
        if not self.hold.line.has_begun:
            return await self.hold.tell_to_come_back()
        await self.hold.leave_mark()
        await self._tell(self.hold.still_running(joins=False))
        return Told.TO_COME_BACK

    async def _tell(self, trouble: Trouble) -> None:
        line = self.hold.line
        if not line.has_begun:
            await line.fail(trouble)
            return
        document = {"type": "error", **trouble.document()}
        await line.end(f"event: error\ndata: {json.dumps(document)}\n\n".encode())

    async def _begin(self) -> None:
        if not self.hold.line.has_begun:
            await self.hold.line.begin(200, _HEAD)

    async def _event(self, name: str, parts: Parts) -> None:
        try:
            await self.hold.line.write(f"event: {name}\ndata: ".encode())
            await self.hold.line.write_parts(parts)
            await self.hold.line.write(b"\n\n")
        finally:
            parts.close()
