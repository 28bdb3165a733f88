"""Delivery log: whether a program has its answer; what can't be noted now is noted soon."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from uuid import UUID

from imagestudio.accounts.models import ApiKey
from imagestudio.web.errors import is_away
from imagestudio.web.loops import AsyncLoop
from jobs.gateway.server.threads import Threads
from jobs.services.programs import idempotency

logger = logging.getLogger(__name__)

AGAIN_AFTER_S = 1.0
MAX_UNWRITTEN = 20_000

Note = Callable[[], object]


class DeliveryLog:
    """The outbox of one event loop.

    Notes that are unwritten when the process dies need no writer: its liveness lock ends with it,
    and by that another process sees that its clients were left without their answers.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._outbox: deque[Note] = deque(maxlen=MAX_UNWRITTEN)
        self._loop = AsyncLoop("delivery_log", self._flush, lambda: AGAIN_AFTER_S)

    def start(self) -> None:
        self._loop.start()

    async def stop(self) -> None:
        await self._loop.stop()
        await self._flush()

    async def flush_all(self) -> None:
        """Come back when nothing is unwritten any more."""
        while self._outbox:
            await self._flush()
            await asyncio.sleep(AGAIN_AFTER_S if self._outbox else 0)

    async def write(self, note: Note) -> object:
        """Now, or when the database is there again."""
        try:
            return await self._threads.mark(note)
        except Exception as error:
            if not is_away(error):
                raise
            self._outbox.append(note)
            return None

    async def tell(self, job_id: UUID, key: ApiKey) -> None:
        await self.write(partial(idempotency.remove_caller, job_id, key))

    async def leave(self, request_id: str) -> bool:
        """True when a repeat of the request joins the same job from now on."""
        idempotency.note_gone(request_id)
        return bool(await self.write(partial(idempotency.mark_left, request_id)))

    def leave_soon(self, request_id: str) -> None:
        idempotency.note_gone(request_id)
        self._outbox.append(partial(idempotency.mark_left, request_id))

    async def _flush(self) -> None:
        while self._outbox:
            note = self._outbox[0]
            try:
                await self._threads.mark(note)
            except Exception as error:
                if is_away(error):
                    return
                logger.exception("what became of a request can't be noted")
            if self._outbox and self._outbox[0] is note:
                self._outbox.popleft()
