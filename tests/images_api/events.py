"""Answers that come as server-sent events, for the scripted upstream."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from tests.upstream import USAGE, Behaviour, Connection, png_bytes

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nx-request-id: req_stream\r\n"


def picture(colour: str = "teal") -> str:
    return base64.b64encode(png_bytes(64, 64, colour)).decode()


def partial(index: int = 0, colour: str = "gold", kind: str = "image_generation") -> bytes:
    return event(
        f"{kind}.partial_image", b64_json=picture(colour), partial_image_index=index, **_COMMON
    )


def completed(colour: str = "teal", kind: str = "image_generation", **fields: Any) -> bytes:
    given = {"b64_json": picture(colour), "usage": USAGE, **_COMMON, **fields}
    return event(f"{kind}.completed", **given)


def failed(**error: Any) -> bytes:
    return event("error", error={"message": "It went wrong.", **error})


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def stream(*events: bytes, piece: int = 1 << 20, pause_s: float = 0) -> Behaviour:
    """Send events in chunks of this size and end the answer as it should be ended."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        body = b"".join(events)
        for start in range(0, len(body), piece):
            part = body[start : start + piece]
            connection.send(b"%x\r\n%s\r\n" % (len(part), part))
            time.sleep(pause_s)
        connection.send(b"0\r\n\r\n")

    return behave


def cut_stream(*events: bytes, with_reset: bool = False) -> Behaviour:
    """Send events and hang up, as a proxy does."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(HEAD + b"Connection: close\r\n\r\n" + b"".join(events))
        if with_reset:
            connection.reset()

    return behave


def held_stream(*events: bytes) -> Behaviour:
    """Send events and stay on the line until released."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(HEAD + b"Connection: close\r\n\r\n" + b"".join(events))
        connection.wait_for_release()

    return behave


_COMMON = {
    "created_at": 1_795_000_000,
    "size": "1024x1024",
    "quality": "high",
    "background": "opaque",
    "output_format": "png",
}
