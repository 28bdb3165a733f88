"""Request bodies of unknown length. Django takes a missing Content-Length for an empty form."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import IO, Any, Self

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

IN_MEMORY_BYTES = 256 * 1024
CHUNK = 256 * 1024
IDLE_S = 60.0
# A small body comes within seconds; a large one may take as long as a slow line needs for it.
SMALL_BYTES = 64 * 1024
SMALL_S, LARGE_S = 30.0, 60.0
SLOWEST_BYTES_PER_S = 20_000


class TooLarge(Exception):
    """The body is longer than allowed; the rest of it was not read."""


class HungUp(Exception):
    """The client went away in the middle of its request."""


class TooSlow(HungUp):
    """It comes so slowly that nobody waits for the rest of it."""


@dataclass(frozen=True, slots=True)
class Body:
    """A request body, whole: in memory when it is small, else in a file without a name."""

    file: IO[bytes]
    byte_count: int

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.file.close()


async def read_body(receive: Receive, max_bytes: int, idle_s: float = IDLE_S) -> Body:
    """Take the body in, counting: a length that somebody claims is worth nothing."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - handed over
    byte_count, is_whole, began_at = 0, False, time.monotonic()
    try:
        while not is_whole:
            left_s = began_at + patience_s(byte_count) - time.monotonic()
            message = await asyncio.wait_for(receive(), max(0.0, min(idle_s, left_s)))
            if message["type"] == "http.disconnect":
                raise HungUp
            piece = message.get("body", b"")
            byte_count += len(piece)
            if byte_count > max_bytes:
                raise TooLarge
            file.write(piece)
            is_whole = not message.get("more_body", False)
    except TimeoutError:
        file.close()
        raise TooSlow from None
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return Body(file, byte_count)


def patience_s(byte_count: int) -> float:
    """How long a body may have taken of which so much is here."""
    if byte_count <= SMALL_BYTES:
        return SMALL_S
    return LARGE_S + byte_count / SLOWEST_BYTES_PER_S


class KnownLength:
    """Gives chunked requests a length before they reach an application that needs one."""

    def __init__(self, app: App, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_chunked(scope):
            await self._app(scope, receive, send)
            return
        try:
            body = await read_body(receive, self._max_bytes)
        except TooLarge:
            await _refuse(send, 413, b"This is more than the studio takes at once.")
            return
        except TooSlow:
            await _refuse(send, 408, b"This came too slowly.")
            return
        except HungUp:
            return
        with body:
            length = (b"content-length", str(body.byte_count).encode())
            headers = [pair for pair in scope["headers"] if pair[0] != b"transfer-encoding"]
            known = {**scope, "headers": [*headers, length]}
            await self._app(known, _replayed(body, receive), send)


def _is_chunked(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return b"transfer-encoding" in names and b"content-length" not in names


def _replayed(body: Body, receive: Receive) -> Receive:
    left = body.byte_count
    is_over = False

    async def replay() -> Message:
        nonlocal left, is_over
        if is_over:
            return await receive()
        piece = body.file.read(CHUNK)
        left -= len(piece)
        is_over = left <= 0
        return {"type": "http.request", "body": piece, "more_body": not is_over}

    return replay


async def _refuse(send: Send, status: int, text: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
