"""Body limits of the pages: how much they take, by address and sender, and never without end.

Django keeps a body whole, on disk when it is large, before any view is asked who sends it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Container
from dataclasses import dataclass
from uuid import UUID

from django.urls import Resolver404, resolve

from imagestudio.web.chunked import (
    IDLE_S,
    App,
    Message,
    Receive,
    Scope,
    Send,
    patience_s,
)
from imagestudio.web.errors import AWAY
from imagestudio.web.in_flight import BytesTaken, InFlight, TooMuch
from imagestudio.web.refusal import FORBIDDEN, FULL, LARGE, SIGNED_OUT, SLOW, Refusal, Why

MEGABYTE = 1024 * 1024
FORM_BYTES = MEGABYTE
# Sixteen pictures of 50 MB each, the layers over them, and the words.
MEMBERS_BYTES = 900 * MEGABYTE
MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose session came with a request."""

    id: UUID
    may_send_pictures: bool


# By the request's cookies; asked in a thread.
FindSender = Callable[[str], Sender | None]


class BoundedBodies:
    """Stands before the pages; what is too large ends here, and is kept nowhere."""

    def __init__(self, app: App, find_sender: FindSender, with_pictures: Container[str]) -> None:
        self._app = app
        self._find_sender = find_sender
        self._with_pictures = with_pictures
        self._in_flight = InFlight(MEMBERS_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        claimed = _claimed_bytes(scope)
        if not claimed:
            await self._app(scope, receive, send)
        elif (name := _form_at(scope)) is None:
            await self._app(_without_body(scope), _nothing(), send)
        else:
            await self._bounded(name, claimed, scope, receive, send)

    async def _bounded(
        self, name: str, claimed: float, scope: Scope, receive: Receive, send: Send
    ) -> None:
        refusal = Refusal(scope, receive, send)
        try:
            sender = await self._sender(scope, claimed)
        except AWAY:
            await refusal.put_off()
            return
        if why := self._objection(name, claimed, sender):
            # Who asks first whether to go on has sent nothing yet.
            await refusal.answer(why, is_sending=b"expect" not in dict(scope["headers"]))
            return
        limit = MEMBERS_BYTES if self._is_trusted(name, sender) else FORM_BYTES
        with self._in_flight.of(sender.id if sender else None) as bytes_taken:
            body = _Bounded(receive, limit, bytes_taken if sender else None, claimed)
            await self._app(scope, body.take, send)
            if body.end is not None:
                await refusal.answer(body.end, is_sending=body.end is not SLOW)

    async def _sender(self, scope: Scope, claimed: float) -> Sender | None:
        """Only who sends much is asked for."""
        if claimed <= FORM_BYTES:
            return None
        cookie = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
        return await asyncio.to_thread(self._find_sender, cookie)

    def _objection(self, name: str, claimed: float, sender: Sender | None) -> Why | None:
        if claimed <= FORM_BYTES or claimed == math.inf:
            return None
        if claimed > MEMBERS_BYTES or name not in self._with_pictures:
            return LARGE
        if sender is None:
            return SIGNED_OUT
        return None if sender.may_send_pictures else FORBIDDEN

    def _is_trusted(self, name: str, sender: Sender | None) -> bool:
        return sender is not None and sender.may_send_pictures and name in self._with_pictures


class _Bounded:
    """A body as it comes. Where it ends, the pages take its sender for gone, and answer nothing."""

    def __init__(
        self, receive: Receive, limit: int, bytes_taken: BytesTaken | None, claimed: float
    ) -> None:
        self.end: Why | None = None
        self._receive = receive
        self._limit = limit
        self._bytes_taken = bytes_taken
        self._claimed = int(claimed) if claimed < math.inf else 0
        self._taken, self._is_whole = 0, False
        self._now = asyncio.get_running_loop().time
        self._began_at = self._now()

    async def take(self) -> Message:
        if self._is_whole:
            return await self._receive()
        left_s = self._began_at + patience_s(self._taken) - self._now()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, min(IDLE_S, left_s)))
            self._count(message)
        except TimeoutError:
            self.end = SLOW
        except TooMuch:
            self.end = FULL
        self._is_whole = self.end is not None or not message.get("more_body", False)
        return message if self.end is None else {"type": "http.disconnect"}

    def _count(self, message: Message) -> None:
        self._taken += len(message.get("body", b""))
        if self._taken > self._limit:
            self.end = LARGE
        elif self._bytes_taken is not None:
            self._bytes_taken.reach(max(self._taken, self._claimed))


def _claimed_bytes(scope: Scope) -> float:
    """What the headers announce; without end when they name no length."""
    if scope["type"] != "http":
        return 0
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    if length.isdigit():
        return int(length[:MAX_DIGITS])
    return math.inf if length or b"transfer-encoding" in headers else 0


def _form_at(scope: Scope) -> str | None:
    """The name of the address, where it is one that may be sent something."""
    if scope["method"] != "POST":
        return None
    try:
        return resolve(scope["path"]).view_name
    except Resolver404:
        return None


def _without_body(scope: Scope) -> Scope:
    dropped = (b"content-length", b"transfer-encoding", b"content-type")
    headers = [pair for pair in scope["headers"] if pair[0] not in dropped]
    return {**scope, "headers": headers}


def _nothing() -> Receive:
    """An empty body, whatever comes: that is left unread."""
    pieces = [b""]

    async def take() -> Message:
        if not pieces:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": pieces.pop(), "more_body": False}

    return take
