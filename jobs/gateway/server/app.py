"""The /v1 door as an ASGI application beside Django: short work in threads, waiting in none."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack
from functools import partial
from uuid import UUID

from django.conf import settings

from imagestudio.accounts.models import ApiKey
from imagestudio.web.chunked import (
    Body,
    HungUp,
    Receive,
    Scope,
    Send,
    TooLarge,
    TooSlow,
    read_body,
)
from imagestudio.web.ear import Ear
from imagestudio.web.errors import is_away
from imagestudio.web.in_flight import InFlight, TooMuch, counted
from jobs.gateway.api import routes
from jobs.gateway.api.calls import Call
from jobs.gateway.api.faults import Fault, Trouble, too_large
from jobs.gateway.api.ready_made import (
    ENGINES_AWAY,
    GOING_DOWN,
    OUR_FAULT,
    TOO_MUCH_OF_YOURS,
    TOO_SLOW,
    unsettled,
)
from jobs.gateway.api.replies import Held, Reply, Unsettled
from jobs.gateway.openapi import document
from jobs.gateway.server.events import Stream
from jobs.gateway.server.holding import Hold, Told
from jobs.gateway.server.line import Line
from jobs.gateway.server.marks import Marks
from jobs.gateway.server.places import Places
from jobs.gateway.server.presence import Presence
from jobs.gateway.server.threads import Threads
from jobs.gateway.server.visit import Visit
from jobs.gateway.server.waiting import Waiters
from jobs.models import Job
from jobs.services import cancel
from jobs.services.programs import idempotency, wait

logger = logging.getLogger(__name__)

ASK_AGAIN_AFTER_S = 1.0
BODIES_OF_ONE = 4  # So many of the largest may a member send to one process at once.


class Gateway:
    """Serves every path below /v1. What it starts lives on the loop of the first request."""

    def __init__(self, ear: Ear) -> None:
        self._threads = Threads()
        self._waiters = Waiters(self._look, ear)
        self._marks = Marks(self._threads)
        self._presence = Presence(self._marks.pay_all)
        self._places = Places()
        self._in_flight = InFlight(BODIES_OF_ONE * int(settings.GATEWAY_MAX_BODY_BYTES))

    async def start(self) -> None:
        self._presence.start()
        self._marks.start()
        self._waiters.start()

    async def stop(self) -> None:
        await self._waiters.stop()
        await self._marks.stop()
        await self._presence.stop()
        self._threads.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = Line(Call.of(scope), receive, send)
        try:
            await self._serve(line)
        except TooSlow:
            await self._refuse(line, TOO_SLOW)
        except HungUp:
            return
        except asyncio.CancelledError:
            await self._refuse(line, GOING_DOWN)
            raise
        except Fault as fault:
            await self._refuse(line, fault.trouble)
        except Exception as error:
            if not is_away(error):
                logger.exception("request %s to the gateway failed", line.call.request_id)
            await self._refuse(line, ENGINES_AWAY if is_away(error) else OUR_FAULT)
        finally:
            await line.stop_watching()

    async def _serve(self, line: Line) -> None:
        call = line.call
        call.check_door()
        if document.is_asked(call):
            await line.reply(document.answer(call))
            return
        route, args = routes.find(call.method, call.path)
        visit = Visit(call, route, args, line, self._places)
        if (call.content_length or 0) > route.max_body_bytes:
            raise too_large(route.max_body_bytes)
        try:
            await self._attend(visit, line)
        finally:
            visit.leave()

    async def _attend(self, visit: Visit, line: Line) -> None:
        with ExitStack() as stack:
            body = stack.enter_context(await self._body(visit, line, stack))
            line.watch()
            await asyncio.sleep(0)  # Who has gone already is noticed before the work begins.
            reply = await self._work(visit, line, body)
        if isinstance(reply, Held):
            line.add(reply.headers)
            await self._hold(line, reply, visit.enter())
            return
        try:
            await line.reply(reply)
        finally:
            if reply.tells_of is not None and visit.call.method != "HEAD":
                told = Told.ALL if line.was_heard else Told.NOTHING
                await self._note(told, reply.tells_of, line, visit.enter())

    async def _body(self, visit: Visit, line: Line, stack: ExitStack) -> Body:
        most, receive = visit.route.max_body_bytes, line.receive
        if not visit.is_small:
            # Nobody without a key fills our disk, and nobody with one fills it alone.
            key = await self._threads.receive(line, visit.enter)
            held = stack.enter_context(self._in_flight.of(key.owner_id))
            receive = counted(receive, held)
        try:
            return await read_body(receive, most)
        except TooLarge:
            raise too_large(most) from None
        except TooMuch:
            raise Fault(TOO_MUCH_OF_YOURS) from None

    async def _work(self, visit: Visit, line: Line, body: Body) -> Held | Reply:
        work = partial(visit.work, body)
        try:
            if not visit.route.takes_pictures:
                return await self._threads.receive(line, work)
            key = await self._threads.receive(line, visit.enter)
            return await self._threads.open_pictures(line, key.owner_id, work)
        except Unsettled as error:
            return await self._settle(line, error)

    async def _settle(self, line: Line, order: Unsettled) -> Held | Reply:
        """Wait until the database can say what became of the order, however it ended."""
        now, request_id = asyncio.get_running_loop().time, line.call.request_id
        give_up_at = now() + order.wait_s
        while now() < give_up_at and not line.is_gone:
            try:
                reply = await self._threads.do(partial(_found, request_id, order))
            except Exception as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(ASK_AGAIN_AFTER_S)
                continue
            if reply is None:
                raise Fault(ENGINES_AWAY)
            return reply
        self._marks.leave_soon(request_id)
        raise HungUp if line.is_gone else Fault(unsettled(joins=order.joins))

    async def _hold(self, line: Line, held: Held, key: ApiKey) -> None:
        hold = Hold(held, line, self._waiters, self._threads, self._marks)
        try:
            told = await (Stream(hold) if held.is_streamed else hold).answer()
        except BaseException as error:
            self._marks.leave_soon(held.request_id)
            if is_away(error):
                raise Fault(hold.still_running(joins=held.is_repeatable)) from error
            raise
        if told is Told.NOTHING and held.cancels_on_hang_up:
            # A repeat of what was called off is a new order; of what had ended before, it is not.
            is_called_off = await self._marks.make(partial(_cancel, held.job_id, key))
            told = Told.ALL if is_called_off else Told.NOTHING
        await self._note(told, held.job_id, line, key)

    async def _note(self, told: Told, job_id: UUID, line: Line, key: ApiKey) -> None:
        if told is Told.ALL:
            await self._marks.tell(job_id, key)
        elif told is Told.NOTHING:
            await self._marks.leave(line.call.request_id)

    async def _look(self, job_ids: list[UUID]) -> set[UUID]:
        return await self._threads.do(partial(wait.ended, job_ids))

    async def _refuse(self, line: Line, trouble: Trouble) -> None:
        """An answer that has begun can't become another; leaving it unfinished says so."""
        if not line.has_begun:
            await line.fail(trouble)


def _found(request_id: str, order: Unsettled) -> Held | Reply | None:
    job = idempotency.find_ordered(request_id)
    return order.answer(job) if job else None


def _cancel(job_id: UUID, key: ApiKey) -> bool:
    return cancel.cancel(key.owner, Job.objects.get(pk=job_id))
