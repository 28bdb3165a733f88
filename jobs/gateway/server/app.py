"""Gateway: the /v1 door as an ASGI application beside Django. Work in threads, waiting in none."""

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
from imagestudio.web.storage import StorageAway
from jobs.gateway.api import routes
from jobs.gateway.api.calls import ApiCall
from jobs.gateway.api.errors import ApiError, ErrorAnswer, too_large
from jobs.gateway.api.ready_made import (
    ENGINES_AWAY,
    GOING_DOWN,
    OUR_FAULT,
    TOO_MUCH_OF_YOURS,
    TOO_SLOW,
    unsettled,
)
from jobs.gateway.api.replies import ApiResponse, Pending, Unsettled
from jobs.gateway.openapi import document
from jobs.gateway.server.admission import Admission
from jobs.gateway.server.connection import ClientConnection
from jobs.gateway.server.delivery_log import DeliveryLog
from jobs.gateway.server.events import Stream
from jobs.gateway.server.pending_request import PendingRequest, Told
from jobs.gateway.server.presence import Presence
from jobs.gateway.server.threads import Threads
from jobs.gateway.server.waiting import Waiters
from jobs.gateway.server.waiting_slots import WaitingSlots
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
        self._delivery_log = DeliveryLog(self._threads)
        self._presence = Presence(self._delivery_log.flush_all)
        self._slots = WaitingSlots()
        self._in_flight = InFlight(BODIES_OF_ONE * int(settings.GATEWAY_MAX_BODY_BYTES))

    async def start(self) -> None:
        self._presence.start()
        self._delivery_log.start()
        self._waiters.start()

    async def stop(self) -> None:
        await self._waiters.stop()
        await self._delivery_log.stop()
        await self._presence.stop()
        self._threads.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = ClientConnection(ApiCall.of(scope), receive, send)
        try:
            await self._serve(connection)
        except TooSlow:
            await self._refuse(connection, TOO_SLOW)
        except HungUp:
            return
        except asyncio.CancelledError:
            await self._refuse(connection, GOING_DOWN)
            raise
        except ApiError as refusal:
            await self._refuse(connection, refusal.error)
        except Exception as error:
            if not is_away(error):
                logger.exception("request %s to the gateway failed", connection.call.request_id)
            await self._refuse(connection, ENGINES_AWAY if is_away(error) else OUR_FAULT)
        finally:
            await connection.stop_watching()

    async def _serve(self, connection: ClientConnection) -> None:
        call = connection.call
        call.check_door()
        if document.is_asked(call):
            await connection.reply(document.answer(call))
            return
        route, args = routes.find(call.method, call.path)
        admission = Admission(call, route, args, connection, self._slots)
        if (call.content_length or 0) > route.max_body_bytes:
            raise too_large(route.max_body_bytes)
        try:
            await self._attend(admission, connection)
        finally:
            admission.leave()

    async def _attend(self, admission: Admission, connection: ClientConnection) -> None:
        with ExitStack() as stack:
            body = stack.enter_context(await self._body(admission, connection, stack))
            connection.watch()
            await asyncio.sleep(0)  # Who has gone already is noticed before the work begins.
            reply = await self._work(admission, connection, body)
        if isinstance(reply, Pending):
            connection.add(reply.headers)
            await self._answer_later(connection, reply, admission.enter())
            return
        try:
            await connection.reply(reply)
        finally:
            if reply.tells_of is not None:
                told = Told.ALL if connection.was_heard else Told.NOTHING
                await self._note(told, reply.tells_of, connection, admission.enter())

    async def _body(
        self, admission: Admission, connection: ClientConnection, stack: ExitStack
    ) -> Body:
        most, receive = admission.route.max_body_bytes, connection.receive
        if not admission.is_small:
            # Nobody without a key fills our disk, and nobody with one fills it alone.
            key = await self._threads.receive(connection, admission.enter)
            bytes_taken = stack.enter_context(self._in_flight.of(key.owner_id))
            receive = counted(receive, bytes_taken)
        try:
            return await read_body(receive, most)
        except TooLarge:
            raise too_large(most) from None
        except TooMuch:
            raise ApiError(TOO_MUCH_OF_YOURS) from None

    async def _work(
        self, admission: Admission, connection: ClientConnection, body: Body
    ) -> Pending | ApiResponse:
        work = partial(admission.work, body)
        try:
            if not admission.route.takes_pictures:
                return await self._threads.receive(connection, work)
            key = await self._threads.receive(connection, admission.enter)
            return await self._threads.open_pictures(connection, key.owner_id, work)
        except Unsettled as error:
            return await self._settle(connection, error)

    async def _settle(
        self, connection: ClientConnection, order: Unsettled
    ) -> Pending | ApiResponse:
        """Wait until the database can say what became of the order, however it ended."""
        now, request_id = asyncio.get_running_loop().time, connection.call.request_id
        give_up_at = now() + order.wait_s
        while now() < give_up_at and not connection.is_gone:
            try:
                reply = await self._threads.do(partial(_found, request_id, order))
            except Exception as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(ASK_AGAIN_AFTER_S)
                continue
            if reply is None:
                raise ApiError(ENGINES_AWAY)
            return reply
        self._delivery_log.leave_soon(request_id)
        raise HungUp if connection.is_gone else ApiError(unsettled(joins=order.joins))

    async def _answer_later(
        self, connection: ClientConnection, pending: Pending, key: ApiKey
    ) -> None:
        pending_request = PendingRequest(
            pending, connection, self._waiters, self._threads, self._delivery_log
        )
        try:
            answering = Stream(pending_request) if pending.is_streamed else pending_request
            told = await answering.answer()
        except StorageAway as error:
            # Its pictures are paid for: whoever comes back gets them, and buys no second ones.
            logger.warning("pictures of job %s can't be read: %s", pending.job_id, error)
            told = await answering.tell_to_come_back()
        except BaseException as error:
            self._delivery_log.leave_soon(pending.request_id)
            if is_away(error):
                raise ApiError(
                    pending_request.still_running(joins=pending.is_repeatable)
                ) from error
            raise
        if told is Told.NOTHING and pending.cancels_on_hang_up:
            # A repeat of what was called off is a new order; of what had ended before, it is not.
            is_called_off = await self._delivery_log.write(partial(_cancel, pending.job_id, key))
            told = Told.ALL if is_called_off else Told.NOTHING
        await self._note(told, pending.job_id, connection, key)

    async def _note(
        self, told: Told, job_id: UUID, connection: ClientConnection, key: ApiKey
    ) -> None:
        if connection.call.method == "HEAD":
            return  # Whoever looks at the head alone has no answer, and loses none.
        if told is Told.ALL:
            await self._delivery_log.tell(job_id, key)
        elif told is Told.NOTHING:
            await self._delivery_log.leave(connection.call.request_id)

    async def _look(self, job_ids: list[UUID]) -> set[UUID]:
        return await self._threads.do(partial(wait.ended, job_ids))

    async def _refuse(self, connection: ClientConnection, error: ErrorAnswer) -> None:
        """An answer that has begun can't become another; leaving it unfinished says so."""
        if not connection.has_begun:
            await connection.fail(error)


def _found(request_id: str, order: Unsettled) -> Pending | ApiResponse | None:
    job = idempotency.find_ordered(request_id)
    return order.answer(job) if job else None


def _cancel(job_id: UUID, key: ApiKey) -> bool:
    return cancel.cancel(key.owner, Job.objects.get(pk=job_id))
