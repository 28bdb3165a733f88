"""Hearing the bell: one subscription a process, for all who wait for something."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from imagestudio.web import bell

logger = logging.getLogger(__name__)

AGAIN_AFTER_S = 1.0
PATIENCE_WITH_SERVER_S = 15.0


class Ear:
    """Passes on what the bell says. Belongs to one event loop; its task ends with it."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[UUID, str], None]] = []
        self._task: asyncio.Task[None] | None = None
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
        if self._task is None:
            self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        task, self._task = self._task, None
        while task is not None and not task.done():
            # Once is not always enough: a client that is about to connect may swallow it.
            task.cancel()
            await asyncio.wait([task], timeout=0.5)

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except (RedisError, OSError) as error:
                logger.warning("the bell can't be heard: %s", type(error).__name__)
            except Exception:
                # Whatever it was: without this task nobody would hear anything any more.
                logger.exception("the bell can't be heard")
            finally:
                self._heard_since = None
            await asyncio.sleep(AGAIN_AFTER_S)

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
