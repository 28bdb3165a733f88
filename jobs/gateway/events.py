"""Answers as events: previews as they come, the picture, or what went wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from jobs.gateway import outcome
from jobs.gateway.faults import Trouble
from jobs.gateway.holding import Hold, News, Patience
from jobs.gateway.outcome import Ended, Parts
from jobs.models import Job
from jobs.services import partials

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

    async def answer(self) -> bool:
        """Send events until the job has ended; False when the client went away."""
        with self.hold.waiters.waiting(self.hold.held.job_id) as bell:
            if self.hold.held.is_over:
                bell.set()
            patience = Patience(self.hold.line, bell)
            try:
                while (news := await patience.news(KEEP_ALIVE_S)) is not News.HUNG_UP:
                    if await self._go_on(news):
                        return True
                return False
            finally:
                await patience.end()

    async def _go_on(self, news: News) -> bool:
        progress = await self.hold.in_thread(self._look)
        line = self.hold.line
        for number, parts in progress.previews:
            await self._begin()
            await self._event(f"{progress.family}.partial_image", parts)
            self.next_preview = number + 1
        if progress.ended is not None:
            await self._finish(progress.ended, progress.family)
            return True
        if news is News.SILENCE:
            await self._begin()
            await line.write(b": the picture is on its way\n\n")
        return False

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
            await self._tell(ended.trouble, ended)
            return
        if not line.has_begun:
            line.add(ended.headers)
        await self._begin()
        if ended.parts is not None:
            await self._event(f"{family}.completed", ended.parts)
        await line.end()

    async def _tell(self, trouble: Trouble, ended: Ended) -> None:
        line = self.hold.line
        if not line.has_begun:
            line.add(ended.headers)
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
