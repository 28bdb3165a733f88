"""Patience: many requests wait for their jobs with one subscription and one slow look a process."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from imagestudio.web import bell

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
LOOK_ALONE_EVERY_S = 1.0  # While nobody rings.
RING_REMEMBERED = 5_000
PATIENCE_WITH_SERVER_S = 15.0

# Which of these jobs have come to where nobody waits any longer.
Look = Callable[[list[UUID]], Awaitable[set[UUID]]]


class Waiters:
    """Wakes those who wait for a job. Belongs to one event loop; its tasks end with it."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._bells: dict[UUID, set[asyncio.Event]] = {}
        # What was rung lately: a job may end before somebody begins to wait for it.
        self._rung: OrderedDict[UUID, None] = OrderedDict()
        self._tasks: list[asyncio.Task[None]] = []
        self._hears = asyncio.Event()

    def __len__(self) -> int:
        return sum(len(bells) for bells in self._bells.values())

    def start(self) -> None:
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._watch())]

    async def stop(self) -> None:
        running = set(self._tasks)
        while running:
            # Once is not always enough: a client that is about to connect may swallow it.
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=0.5)
        self._tasks = []

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

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except (RedisError, OSError) as error:
                logger.warning("the gateway can't hear the bell: %s", type(error).__name__)
            self._hears.clear()
            await asyncio.sleep(LOOK_ALONE_EVERY_S)

    async def _hear(self) -> None:
        client = redis.asyncio.Redis.from_url(settings.CACHE_URL, socket_connect_timeout=2)
        async with client, client.pubsub() as ear:
            await ear.subscribe(bell.channel())
            self._hears.set()
            while True:
                message = await ear.get_message(timeout=PATIENCE_WITH_SERVER_S)
                if message is None:
                    await ear.ping()
                elif message["type"] == "message":
                    self._ring_of(message["data"])

    def _ring_of(self, words: bytes) -> None:
        with suppress(ValueError):
            self.ring(UUID(words.partition(b" ")[0].decode("latin-1")))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S if self._hears.is_set() else LOOK_ALONE_EVERY_S)
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
