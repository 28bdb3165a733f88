"""Patience: many requests wait for their jobs with one subscription and one slow look a process."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from imagestudio.web.ear import Ear
from jobs.states import State

logger = logging.getLogger(__name__)

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
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._ear.start()
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        self._watching = None
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

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S if self._ear.hears else LOOK_ALONE_EVERY_S)
            if not self._bells:
                continue
            try:
                ended = await self._look(list(self._bells))
            except Exception:
                # The database may be away for a while; those who wait have time.
                logger.warning("the gateway could not look after its jobs", exc_info=True)
                continue
            for job_id in ended:
                self.ring(job_id)
