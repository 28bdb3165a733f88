"""The answer to a body that nobody reads."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.shortcuts import resolve_url
from django.template.loader import render_to_string

from imagestudio.web.chunked import Receive, Scope, Send
from imagestudio.web.middleware import policy_text

# Many browsers see no answer before they have sent what they began: a picture, not a flood.
LINGER_S = 30.0
LINGER_BYTES = 64 * 1024 * 1024
ENTRANCE = "/accounts/"


@dataclass(frozen=True, slots=True)
class Why:
    status: int
    words: str
    template: str = ""


LARGE = Why(413, "This is more than the studio takes at once.", "413.html")
FORBIDDEN = Why(403, "Your role does not include sending pictures.", "403.html")
# A session that has ended is more likely than somebody who never had one.
SIGNED_OUT = Why(303, "Sign in first.")
FULL = Why(429, "As much of yours is on its way as one member may send at once. Try again.")
SLOW = Why(408, "This came too slowly. Nothing was kept; try again.")


class Refusal:
    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._path = scope["path"]
        self._headers = dict(scope["headers"])
        self._receive = receive
        self._send = send

    async def answer(self, why: Why, *, is_sending: bool) -> None:
        if why is SIGNED_OUT and not self._path.startswith(ENTRANCE):
            await self._tell(303, {"location": resolve_url(settings.LOGIN_URL)}, b"")
        elif why.template and b"text/html" in self._headers.get(b"accept", b""):
            page = render_to_string(why.template).encode()
            await self._tell(why.status, {"content-type": "text/html; charset=utf-8"}, page)
        else:
            kind = {"content-type": "application/json"}
            kind |= {"retry-after": "5"} if why is FULL else {}
            await self._tell(why.status, kind, json.dumps({"error": why.words}).encode())
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
        forgotten = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while forgotten <= LINGER_BYTES:
                    message = await self._receive()
                    forgotten += len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return
