"""How much of a body the pages take in: little from strangers, and from nobody without end.

Django keeps a body whole, on disk when it is large, before any view is asked who sends it.
"""

from __future__ import annotations

import asyncio
import json
import math
from contextlib import suppress
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.http import parse_cookie
from django.shortcuts import resolve_url
from django.template.loader import render_to_string

from imagestudio.web.chunked import App, Message, Receive, Scope, Send
from imagestudio.web.errors import AWAY
from imagestudio.web.middleware import policy_text

MEGABYTE = 1024 * 1024
STRANGERS_BYTES = MEGABYTE
# Sixteen pictures of 50 MB each, the layers over them, and the words.
MEMBERS_BYTES = 900 * MEGABYTE
# Many browsers see no answer before they have sent what they began: a picture, not a flood.
LINGER_S = 30.0
LINGER_BYTES = 64 * MEGABYTE
ENTRANCE = "/accounts/"


class BoundedBodies:
    """Stands before the pages; what is too large ends here, and is kept nowhere."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        claimed = _claimed_bytes(scope)
        if not claimed:
            await self._app(scope, receive, send)
            return
        refusal = _Refusal(scope, receive, send)
        try:
            limit = await _limit(scope, claimed)
        except AWAY:
            await refusal.put_off()
            return
        if limit < claimed < math.inf:
            # Who asks first whether to go on has sent nothing yet.
            await refusal.answer(claimed, is_sending=b"expect" not in dict(scope["headers"]))
            return
        try:
            await self._app(scope, _counted(receive, limit), send)
        except _TooLarge:
            await refusal.answer(claimed, is_sending=True)


class _TooLarge(Exception):
    """Nothing was answered yet: the pages begin when they have the body."""


def _claimed_bytes(scope: Scope) -> float:
    """What the headers announce; without end when they name no length."""
    if scope["type"] != "http":
        return 0
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    if length.isdigit():
        return int(length)
    return math.inf if length or b"transfer-encoding" in headers else 0


async def _limit(scope: Scope, claimed: float) -> int:
    if claimed <= STRANGERS_BYTES:
        return STRANGERS_BYTES
    cookie = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
    is_member = await asyncio.to_thread(_is_signed_in, cookie)
    return MEMBERS_BYTES if is_member else STRANGERS_BYTES


def _is_signed_in(cookie: str) -> bool:
    """Whether there is such a session: anybody can make up a cookie."""
    key = parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME)
    if not key or not key.isalnum():
        return False
    try:
        return SESSION_KEY in import_module(settings.SESSION_ENGINE).SessionStore(key)
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _counted(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def count() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _TooLarge
        return message

    return count


class _Refusal:
    """The answer to a body that nobody reads."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._path = scope["path"]
        self._headers = dict(scope["headers"])
        self._receive = receive
        self._send = send

    async def answer(self, claimed: float, *, is_sending: bool) -> None:
        # A session that has ended is more likely than somebody who never had one.
        if claimed <= MEMBERS_BYTES and not self._path.startswith(ENTRANCE):
            await self._tell(303, {"location": resolve_url(settings.LOGIN_URL)}, b"")
        elif b"text/html" in self._headers.get(b"accept", b""):
            page = render_to_string("413.html").encode()
            await self._tell(413, {"content-type": "text/html; charset=utf-8"}, page)
        else:
            body = json.dumps({"error": "This is more than the studio takes at once."}).encode()
            await self._tell(413, {"content-type": "application/json"}, body)
        if is_sending:
            await self._let_go()
        await self._send({"type": "http.response.body", "body": b""})

    async def put_off(self) -> None:
        """Nobody can say who sends it; a member must not lose a form for that."""
        text = b"The studio's engines are away for a moment. Nothing was kept; try again."
        kind = {"content-type": "text/plain; charset=utf-8", "retry-after": "5"}
        await self._tell(503, kind, text)
        await self._let_go()
        await self._send({"type": "http.response.body", "body": b""})

    async def _tell(self, status: int, headers: dict[str, str], body: bytes) -> None:
        headers = headers | {
            "content-length": str(len(body)),
            "content-security-policy": policy_text(settings.SECURE_CSP),
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
            "connection": "close",
        }
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def _let_go(self) -> None:
        """Let the rest come and forget it, for a while: a line cut short loses the answer too."""
        with suppress(TimeoutError, _TooLarge):
            async with asyncio.timeout(LINGER_S):
                forget = _counted(self._receive, LINGER_BYTES)
                while (await forget()).get("more_body", False):
                    pass
