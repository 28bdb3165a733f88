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
MAX_OWED = 20_000

Mark = Callable[[], object]


class DeliveryLog:
    """The outbox of one event loop.

    Notes that are unwritten when the process dies need no writer: its liveness lock ends with it,
    and by that another process sees that its clients were left without their answers.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._owed: deque[Mark] = deque(maxlen=MAX_OWED)
        self._loop = AsyncLoop("delivery_log", self._pay, lambda: AGAIN_AFTER_S)

    def start(self) -> None:
        self._loop.start()

    async def stop(self) -> None:
        await self._loop.stop()
        await self._pay()

    async def pay_all(self) -> None:
        """Come back when nothing is owed any more."""
        while self._owed:
            await self._pay()
            await asyncio.sleep(AGAIN_AFTER_S if self._owed else 0)

    async def make(self, mark: Mark) -> object:
        """Now, or when the database is there again."""
        try:
            return await self._threads.mark(mark)
        except Exception as error:
            if not is_away(error):
                raise
            self._owed.append(mark)
            return None

    async def tell(self, job_id: UUID, key: ApiKey) -> None:
        await self.make(partial(idempotency.remove_caller, job_id, key))

    async def leave(self, request_id: str) -> bool:
        """True when a repeat of the request joins the same job from now on."""
        idempotency.note_gone(request_id)
        return bool(await self.make(partial(idempotency.mark_left, request_id)))

    def leave_soon(self, request_id: str) -> None:
        idempotency.note_gone(request_id)
        self._owed.append(partial(idempotency.mark_left, request_id))

    async def _pay(self) -> None:
        while self._owed:
            mark = self._owed[0]
            try:
                await self._threads.mark(mark)
            except Exception as error:
                if is_away(error):
                    return
                logger.exception("what became of a request can't be noted")
            if self._owed and self._owed[0] is mark:
                self._owed.popleft()
