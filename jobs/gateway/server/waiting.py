"""Waiters of pending requests: one subscription and one slow look a process for all of them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from imagestudio.web.ear import Ear
from imagestudio.web.loops import AsyncLoop
from jobs.states import State

LOOK_EVERY_S = 5.0
LOOK_ALONE_EVERY_S = 1.0  # While nobody rings.
RING_REMEMBERED = 5_000
# News for those who look at a job, but not for those who wait for its end.
PASSING = {State.QUEUED, State.RUNNING, "preview", "thumbnails", "job"}

# Which of these jobs have come to where nobody waits any longer.
Look = Callable[[list[UUID]], Awaitable[set[UUID]]]


class Waiters:
    """Wakes those who wait for a job. Belongs to one event loop; its task ends with it."""

    def __init__(self, look: Look, ear: Ear) -> None:
        self._look = look
        self._ear = ear
        ear.pass_on(self._hear)
        self._bells: dict[UUID, set[asyncio.Event]] = {}
        # What was rung lately: a job may end before somebody begins to wait for it.
        self._rung: OrderedDict[UUID, None] = OrderedDict()
        self._loop = AsyncLoop("waiting", self._look_after, self._pause_s)

    def start(self) -> None:
        self._ear.start()
        self._loop.start()

    async def stop(self) -> None:
        await self._loop.stop()
        await self._ear.stop()

    @contextmanager
    def waiting(self, job_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever there may be news of the job, also before this."""
        event = asyncio.Event()
        if job_id in self._rung:
            event.set()
        self._bells.setdefault(job_id, set()).add(event)
        try:
            yield event
        finally:
            bells = self._bells[job_id]
            bells.discard(event)
            if not bells:
                del self._bells[job_id]

    def ring(self, job_id: UUID) -> None:
        self._rung[job_id] = None
        if len(self._rung) > RING_REMEMBERED:
            self._rung.popitem(last=False)
        for event in self._bells.get(job_id, ()):
            event.set()

    def _hear(self, subject: UUID, news: str) -> None:
        if news not in PASSING:
            self.ring(subject)

    async def _look_after(self) -> None:
        """The database may be away for a while; those who wait have time."""
        if self._bells:
            for job_id in await self._look(list(self._bells)):
                self.ring(job_id)

    def _pause_s(self) -> float:
        return LOOK_EVERY_S if self._ear.hears else LOOK_ALONE_EVERY_S
