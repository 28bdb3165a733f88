"""A fast Images API on loopback that costs little: `python -m bench.upstream`, a process apart.

It prints its port. Every call gets the same picture, `latency_s` after it came; with `together=n`
all n calls are answered at once, so long after the last of them. `/set?...` changes that, `/seen`
tells what came.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from PIL import Image

# Few of the bits are noise, so that the files have the size of real answers.
PICTURES = {"small": (1024, 1024, 0x0F), "large": (3840, 2160, 0x1F)}
USAGE = {
    "input_tokens": 50,
    "input_tokens_details": {"text_tokens": 50, "image_tokens": 0},
    "output_tokens": 1756,
    "total_tokens": 1806,
}


@dataclass
class Seen:
    calls: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    arrivals: list[float] = field(default_factory=list)


class Upstream:
    def __init__(self) -> None:
        self.latency_s = 0.0
        self.together = 0
        self.picture = "small"
        self.seen = Seen()
        self.answers = {name: answer_with(*shape) for name, shape in PICTURES.items()}
        self._waiting: list[Callable[[], None]] = []

    def change(self, latency_s: str = "0", together: str = "0", picture: str = "small") -> bytes:
        self.latency_s, self.together, self.picture = float(latency_s), int(together), picture
        self.seen = Seen()
        return response(b"{}")

    def came(self, answer: Callable[[], None]) -> None:
        seen = self.seen
        seen.last_at = time.time()
        seen.first_at = seen.first_at or seen.last_at
        seen.arrivals.append(seen.last_at)
        seen.calls += 1
        seen.in_flight += 1
        seen.most_in_flight = max(seen.most_in_flight, seen.in_flight)
        self._waiting.append(answer)
        if len(self._waiting) >= self.together:
            for each in self._waiting:
                asyncio.get_running_loop().call_later(self.latency_s, each)
            self._waiting = []


class Connection(asyncio.Protocol):
    """One request, one answer, and the connection closes, as after a call of the studio."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._got = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        if end and len(body) >= content_length(head):
            self._answer(head.split(b" ", 2)[1].decode())

    def _answer(self, target: str) -> None:
        path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query))
        if path == "/set":
            self._send(self._upstream.change(**query))
        elif path == "/seen":
            self._send(response(json.dumps(vars(self._upstream.seen)).encode()))
        elif path.endswith("/models"):
            self._send(response(b'{"object": "list", "data": []}'))
        else:
            self._upstream.came(self._send_picture)

    def _send_picture(self) -> None:
        self._upstream.seen.in_flight -= 1
        self._send(self._upstream.answers[self._upstream.picture])

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
            self._transport.close()


def content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def response(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\nx-request-id: req_bench\r\n\r\n".encode() + body


def answer_with(width: int, height: int, noise: int) -> bytes:
    keep = bytes(byte & noise for byte in range(256))
    pixels = os.urandom(width * height * 3).translate(keep)
    file = io.BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(file, "PNG", compress_level=1)
    picture = base64.b64encode(file.getvalue()).decode()
    document = {"created": 1_795_000_000, "data": [{"b64_json": picture}], "usage": USAGE}
    return response(json.dumps(document).encode())


async def serve() -> None:
    upstream = Upstream()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(upstream), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
