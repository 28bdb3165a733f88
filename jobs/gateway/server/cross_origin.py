"""Pages of other origins that call /v1, as far as the settings name them. By key, never by cookie.

See the Fetch standard, "CORS protocol".
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from imagestudio.web.chunked import App, Message, Receive, Scope, Send
from jobs.gateway.api.addresses import AZURE, BASE

ANY = "*"
MAX_HEADERS_BYTES = 2000
REMEMBERED_S = 600

Pairs = list[tuple[bytes, bytes]]


class CrossOrigin:
    """Stands before the whole studio; all but the API's addresses pass untouched."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _origin(scope)
        if not origin:
            await self._app(scope, receive, send)
        elif asked := _asked_before(scope):
            await _allow(asked, origin, send)
        else:
            await self._app(scope, receive, _telling(send, origin))


def _origin(scope: Scope) -> bytes:
    """The origin of the page that calls, if it may."""
    if scope["type"] != "http" or not scope["path"].startswith((BASE, AZURE)):
        return b""
    origin = _header(scope["headers"], b"origin")
    allowed = {each.lower().rstrip("/") for each in settings.GATEWAY_ORIGINS}
    return origin if origin and {ANY, origin.decode("latin-1").lower()} & allowed else b""


def _asked_before(scope: Scope) -> Pairs:
    """What a browser asks for before the call itself; empty when this is no such question."""
    headers = scope["headers"]
    if scope["method"] != "OPTIONS" or not _header(headers, b"access-control-request-method"):
        return []
    wanted = _header(headers, b"access-control-request-headers")[:MAX_HEADERS_BYTES]
    return [
        (b"access-control-allow-methods", b"GET, HEAD, POST"),
        (b"access-control-allow-headers", wanted or b"authorization, content-type"),
        (b"access-control-max-age", str(REMEMBERED_S).encode()),
    ]


async def _allow(asked: Pairs, origin: bytes, send: Send) -> None:
    headers = [*asked, *_permission(origin), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _telling(send: Send, origin: bytes) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *_permission(origin)]}
        await send(message)

    return tell


def _permission(origin: bytes) -> Pairs:
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", b"*"),
        (b"vary", b"Origin"),
    ]


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    return next((value for key, value in headers if key == name), b"")
