"""The /v1 door as an ASGI application beside Django: short work in threads, waiting in none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import connection

from imagestudio.accounts.models import ApiKey
from imagestudio.web.chunked import Body, HungUp, Receive, Scope, Send, TooLarge, read_body
from imagestudio.web.ear import Ear
from imagestudio.web.errors import AWAY
from jobs.gateway import doorman, limits, openapi, routes
from jobs.gateway.calls import Ask, Call
from jobs.gateway.events import Stream
from jobs.gateway.faults import ENGINES_AWAY, OUR_FAULT, Fault, Trouble, too_large
from jobs.gateway.holding import Hold, Result
from jobs.gateway.line import Line
from jobs.gateway.replies import Held, Reply
from jobs.gateway.routes import Route
from jobs.gateway.waiting import Waiters
from jobs.models import Job
from jobs.services import cancel, idempotency, keys, wait

logger = logging.getLogger(__name__)

# Fewer than the database's pool has places: a burst here leaves some for the pages.
THREADS = 4
SMALL_BYTES = 64 * 1024


class Gateway:
    """Serves every path below /v1. Its waiters live on the loop that serves the first request."""

    def __init__(self, ear: Ear) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gateway")
        self._waiters = Waiters(self._look, ear)

    async def start(self) -> None:
        self._waiters.start()

    async def stop(self) -> None:
        await self._waiters.stop()
        self._threads.shutdown(wait=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = Line(Call.of(scope), receive, send)
        try:
            await self._serve(line)
        except HungUp:
            return
        except asyncio.CancelledError:
            await self._refuse(line, _GOING_DOWN)
            raise
        except Fault as fault:
            await self._refuse(line, fault.trouble)
        except AWAY as error:
            logger.warning("an engine is away: %s", type(error).__name__)
            await self._refuse(line, ENGINES_AWAY)
        except Exception:
            logger.exception("request %s to the gateway failed", line.call.request_id)
            await self._refuse(line, OUR_FAULT)

    async def _serve(self, line: Line) -> None:
        call = line.call
        call.check_door()
        if openapi.is_asked(call):
            await line.reply(openapi.answer(call))
            return
        route, args = routes.find(call.method, call.path)
        if len(self._waiters) >= settings.GATEWAY_MAX_HELD:
            raise Fault(_TOO_MANY)
        visit = Visit(call, route, args, line)
        if (call.content_length or 0) > route.max_body_bytes:
            raise too_large(route.max_body_bytes)
        if not visit.is_small:
            # Nobody without a key fills our disk.
            await self._in_thread(visit.enter)
        with await self._body(line, route) as body:
            reply = await self._in_thread(partial(visit.work, body))
        if isinstance(reply, Reply):
            await line.reply(reply)
            return
        line.add(reply.headers)
        await self._hold(line, reply, visit.enter())

    async def _body(self, line: Line, route: Route) -> Body:
        try:
            return await read_body(line.receive, route.max_body_bytes)
        except TooLarge:
            raise too_large(route.max_body_bytes) from None

    async def _hold(self, line: Line, held: Held, key: ApiKey) -> None:
        self._waiters.start()
        hold = Hold(held, line, self._waiters, self._in_thread)
        was_told = await (Stream(hold) if held.is_streamed else hold).answer()
        if was_told:
            return
        if held.cancels_on_hang_up:
            await self._in_thread(partial(_cancel, held.job_id, key))
        else:
            await self._in_thread(partial(idempotency.leave, held.job_id))

    def _in_thread(self, work: Callable[[], Result]) -> Awaitable[Result]:
        return asyncio.get_running_loop().run_in_executor(self._threads, _tidily, work)

    async def _look(self, job_ids: list[UUID]) -> set[UUID]:
        return await self._in_thread(partial(wait.ended, job_ids))

    async def _refuse(self, line: Line, trouble: Trouble) -> None:
        """An answer that has begun can't become another; leaving it unfinished says so."""
        if not line.has_begun:
            await line.fail(trouble)


@dataclass(slots=True)
class Visit:
    """A call on its way in: first its key, then its work. Both happen in a thread."""

    call: Call
    route: Route
    args: Mapping[str, str]
    line: Line
    _key: ApiKey | None = None

    @property
    def is_small(self) -> bool:
        """A body that costs nothing to hold may come before its key was looked at."""
        length = self.call.content_length
        return self.call.method in ("GET", "HEAD") or (length is not None and length <= SMALL_BYTES)

    def enter(self) -> ApiKey:
        if self._key is None:
            self._key = doorman.admit(self.call, self.route.scope)
            self.line.add(limits.take(self._key))
            keys.note_use(self._key)
        return self._key

    def work(self, body: Body) -> Held | Reply:
        ask = Ask(self.call, self.enter(), self.args, body.file, body.byte_count)
        return self.route.handle(ask)


def _cancel(job_id: UUID, key: ApiKey) -> None:
    cancel.cancel(key.owner, Job.objects.get(pk=job_id))


def _tidily(work: Callable[[], Result]) -> Result:
    try:
        return work()
    finally:
        if not connection.in_atomic_block:
            connection.close()  # Back to the pool.


_TOO_MANY = Trouble(
    status=429,
    message="As many requests wait here as this studio holds. Try again in a moment.",
    code="too_many_waiting",
    again=True,
    retry_after_s=5,
)
_GOING_DOWN = Trouble(
    status=503,
    message=(
        "The studio is being restarted. A job that was accepted goes on; its id is in the header"
        " x-studio-job-id."
    ),
    code="restarting",
    again=False,
)
