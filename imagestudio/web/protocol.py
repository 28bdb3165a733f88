"""HTTP as it comes in: uvicorn's fast parser, with bounds where that has none.

By itself it takes heads of any size, waits for them for ever, answers HTTP/1.0 in chunks, and
takes a client that has ended its sending half for one that has gone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from imagestudio.web.connections import Connections
from imagestudio.web.half_closed import HalfClosed

MAX_URL_BYTES = 8 * 1024
MAX_LINE_BYTES = 16 * 1024
MAX_HEAD_BYTES = 32 * 1024
MAX_HEADERS = 100
MAX_DIGITS = 18  # Of a length.
MAX_UNREAD_BYTES = 1024 * 1024
MAX_AT_ONCE = 16  # Requests in one slice: each costs as much as another.
# So much is parsed before the bounds are looked at again.
SLICE_BYTES, HEAD_SLICE_BYTES = 16 * 1024, 2 * 1024
HEAD_S = 10.0
# Nobody takes the answer, or the last of it.
STALLED_S = 60.0
# Many clients see no answer before they have sent what they began.
LINGER_S = 2.0

_TOO_LONG = {
    414: ("The address of this request is too long.", "uri_too_long"),
    431: ("The headers of this request are too large or too many.", "headers_too_large"),
}
_TOO_SLOW = (408, "The head of this request came too slowly. Nothing was started.", "slow_request")
_TOO_MANY = (400, "Too many requests are sent at once.", "too_many_at_once")
_FULL = (503, "More connections are open than this studio holds. Try again.", "too_many")

_connections: WeakKeyDictionary[Any, Connections] = WeakKeyDictionary()

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class StudioProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._is_in_head = True
        self._is_over = False
        self._head_bytes = self._header_count = self._pending_bytes = 0
        self._unread = b""
        self._refusal: tuple[int, str, str] | None = None
        self._due: float | None = self.loop.time() + HEAD_S
        self._half_closed: HalfClosed | None = None
        super().connection_made(transport)
        self._all = _connections_of(self.server_state, self.loop)
        if not self._all.admit(self):
            self._is_over = True
            transport.write(_answer(*_FULL, is_for_programs=False))
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.leave(self)
        self._is_over = True
        if self._half_closed is not None:
            self._half_closed.stop()
        super().connection_lost(exc)

    # What comes in

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        data = self._unread + data
        self._unread = b""
        at = 0
        # Who sends many requests at once is read no faster than it is answered.
        while at < len(data) and not self.pipeline and not self._is_over:
            piece = data[at : at + (HEAD_SLICE_BYTES if self._is_in_head else SLICE_BYTES)]
            at += len(piece)
            self._feed(piece)
        if at < len(data) and not self._is_over:
            self._put_off(data[at:])

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whether the answer is still to be sent."""
        if self._is_over or self.is_idle:
            return False
        if self.cycle.scope["http_version"] != "1.0" and not self.cycle.response_started:
            # Means nothing to who still listens.
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._half_closed = HalfClosed(self.transport.get_extra_info("socket"), self.abort)
        return True

    def on_message_begin(self) -> None:
        self._begun_at_once += 1
        if self._begun_at_once > MAX_AT_ONCE:
            self._refusal = _TOO_MANY
            raise ValueError(self._begun_at_once)
        self._head_bytes = self._header_count = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))
        if len(self.url) > MAX_URL_BYTES:
            self._too_long(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_count += 1
        self._count(len(name) + len(value) + 4)
        if len(name) + len(value) > MAX_LINE_BYTES or self._header_count > MAX_HEADERS:
            self._too_long(431)
        if len(value) > MAX_DIGITS and name.lower() == b"content-length":
            raise ValueError(value)
        # What comes behind a body must not change what was asked for before it.
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head, self._due = False, None
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_in_head, self._due = True, None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(*(self._refusal or (400, msg, "invalid_request")))

    # What goes out

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._half_closed is not None and not self.pipeline:
            self.transport.close()
        elif self._unread:
            self.loop.call_soon(self.data_received, b"")
        elif not self._is_in_head:
            # It was answered before all of its body came: that is still to come, and to forget.
            self._due = self.loop.time() + HEAD_S

    def pause_writing(self) -> None:
        super().pause_writing()
        self._due = self.loop.time() + STALLED_S

    def resume_writing(self) -> None:
        super().resume_writing()
        self._due = None

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if cycle.scope["http_version"] == "1.0":
            app = _ending_with_the_connection(app, cycle)
        super()._start_asgi_task(cycle, app)

    # What does not come, or does not go

    @property
    def is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def look_at_clock(self, now: float) -> None:
        if self._due is None:
            if self.transport.is_closing():
                self._due = now + STALLED_S
        elif now >= self._due:
            self._expire()

    def abort(self) -> None:
        self._is_over = True
        self.transport.abort()

    def _expire(self) -> None:
        if self._is_over or self.transport.is_closing() or self.flow.write_paused:
            self.abort()
        elif self._is_busy:
            # The answer before goes out first.
            self._due, self._is_over, self.cycle.keep_alive = None, True, False
        elif self._head_bytes or self._pending_bytes:
            self._refuse(*_TOO_SLOW)
        else:
            self.transport.close()

    @property
    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _feed(self, piece: bytes) -> None:
        self._pending_bytes += len(piece)
        self._begun_at_once = 0
        super().data_received(piece)
        if not self._is_in_head:
            self._pending_bytes = 0
            return
        if self._due is None and not self.flow.write_paused:
            self._due = self.loop.time() + HEAD_S
        if self._pending_bytes > MAX_LINE_BYTES + SLICE_BYTES and not self._is_over:
            self._refuse(431, *_TOO_LONG[431])

    def _count(self, byte_count: int) -> None:
        self._pending_bytes = 0
        self._head_bytes += byte_count
        if self._head_bytes > MAX_HEAD_BYTES:
            self._too_long(431)

    def _too_long(self, status: int) -> NoReturn:
        """Ends the parser, which has its error told by `send_400_response`."""
        self._refusal = (status, *_TOO_LONG[status])
        raise ValueError(status)

    def _put_off(self, rest: bytes) -> None:
        if len(rest) > MAX_UNREAD_BYTES:
            self.abort()
            return
        self._unread = rest
        self.flow.pause_reading()

    def _refuse(self, status: int, message: str, code: str) -> None:
        """Answer, then let the rest come and forget it: a line cut short loses the answer too."""
        self._is_over, self._unread = True, b""
        self._due = self.loop.time() + LINGER_S
        if self._is_busy:
            was_silent = not self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if not was_silent:
                self.transport.close()
                return
        self.transport.write(_answer(status, message, code, is_for_programs=self._is_for_programs))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()

    @property
    def _is_for_programs(self) -> bool:
        return bool(getattr(self, "url", b"").startswith((b"/v1", b"/openai/")))


def _connections_of(server: Any, loop: asyncio.AbstractEventLoop) -> Connections:
    if server not in _connections:
        _connections[server] = Connections(loop)
    return _connections[server]


def _ending_with_the_connection(app: Any, cycle: Any) -> Any:
    """HTTP/1.0 knows no chunks: what has no length ends when the connection does."""

    async def ended(scope: Any, receive: Any, send: Send) -> None:
        has_length = True

        async def pass_on(message: MutableMapping[str, Any]) -> None:
            nonlocal has_length
            if message["type"] == "http.response.start":
                has_length = any(
                    name.lower() == b"content-length" for name, _ in message["headers"]
                )
                if not has_length:
                    cycle.chunked_encoding = False
            elif not has_length:
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, pass_on)

    return ended


def _answer(status: int, message: str, code: str, *, is_for_programs: bool) -> bytes:
    kind, body = "text/plain; charset=utf-8", message
    if is_for_programs:
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
        kind, body = "application/json", json.dumps({"error": error})
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"content-type: {kind}",
        f"content-length: {len(body)}",
        "connection: close",
        "cache-control: no-store",
        "content-security-policy: default-src 'none'; frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        *(["retry-after: 5"] if status == 503 else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
