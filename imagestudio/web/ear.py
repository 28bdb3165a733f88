"""Hearing the bell: one subscription a process, for all who wait for something."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import redis.asyncio
from django.conf import settings

from imagestudio.web import bell
from imagestudio.web.loops import AsyncLoop

AGAIN_AFTER_S = 1.0
PATIENCE_WITH_SERVER_S = 15.0


class Ear:
    """Passes on what the bell says. Belongs to one event loop; its task ends with it."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[UUID, str], None]] = []
        # Without it nobody would hear anything any more.
        self._loop = AsyncLoop("ear", self._listen, lambda: AGAIN_AFTER_S)
        self._heard_since: float | None = None

    @property
    def hears(self) -> bool:
        return self._heard_since is not None

    def has_heard_since(self, moment: float) -> bool:
        """Whether nothing was missed after this moment of the loop's clock."""
        return self._heard_since is not None and self._heard_since <= moment

    def pass_on(self, listener: Callable[[UUID, str], None]) -> None:
        self._listeners.append(listener)

    def start(self) -> None:
        self._loop.start()

    async def stop(self) -> None:
        await self._loop.stop()

    async def _listen(self) -> None:
        try:
            await self._hear()
        finally:
            self._heard_since = None

    async def _hear(self) -> None:
        client = redis.asyncio.Redis.from_url(settings.CACHE_URL, socket_connect_timeout=2)
        async with client, client.pubsub() as ear:
            await ear.subscribe(bell.channel())
            while True:
                message = await ear.get_message(timeout=PATIENCE_WITH_SERVER_S)
                if message is None:
                    await ear.ping()
                elif message["type"] == "subscribe":
                    self._heard_since = asyncio.get_running_loop().time()
                elif message["type"] == "message":
                    self._say(message["data"].decode("latin-1"))

    def _say(self, words: str) -> None:
        subject, _, news = words.partition(" ")
        with suppress(ValueError):
            for listener in self._listeners:
                listener(UUID(subject), news)
