"""A scripted Images API on loopback: real sockets that answer, drip, hang, break off and reset.

    with ScriptedUpstream() as upstream:
        upstream.script(images(n=2), reply({"error": {...}}, status=429), cut(after=1000))
        ...call upstream.base_url...
        assert upstream.calls[0].json["prompt"] == "an otter"

Each connection takes the next behaviour of the script; past its end every request is answered with
one picture.
"""

from __future__ import annotations

import base64
import io
import json
import socket
import socketserver
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Self

from PIL import Image

HELD_AT_MOST_S = 60.0
USAGE: dict[str, Any] = {
    "input_tokens": 50,
    "input_tokens_details": {"text_tokens": 50, "image_tokens": 0},
    "output_tokens": 1756,
    "output_tokens_details": {"text_tokens": 0, "image_tokens": 1756},
    "total_tokens": 1806,
}


@dataclass(frozen=True)
class RecordedCall:
    method: str
    path: str
    headers: Mapping[str, str]  # Names in lower case.
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@cache
def png_bytes(width: int = 64, height: int = 64, colour: str = "teal") -> bytes:
    """Draw a real PNG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


def images_answer(
    n: int = 1, size: str = "1024x1024", usage: object = USAGE, **fields: object
) -> dict[str, Any]:
    """Give a whole answer with `n` pictures that really have the size."""
    width, height = (int(edge) for edge in size.split("x"))
    colours = ("teal", "coral", "gold", "orchid", "olive", "navy", "salmon", "khaki", "plum", "tan")
    pictures = [png_bytes(width, height, colours[index % len(colours)]) for index in range(n)]
    return {
        "created": 1_795_000_000,
        "background": "opaque",
        "output_format": "png",
        "quality": "high",
        "size": size,
        "data": [{"b64_json": base64.b64encode(picture).decode()} for picture in pictures],
        "usage": usage,
        **fields,
    }


class Connection:
    """One accepted connection, in the hands of a behaviour."""

    def __init__(self, sock: socket.socket, upstream: ScriptedUpstream) -> None:
        self.socket = sock
        self._upstream = upstream

    def read_request(self) -> RecordedCall:
        """Read the request whole and record it."""
        with self.socket.makefile("rb") as file:
            method, path, _ = file.readline().decode("latin-1").split(" ", 2)
            headers = dict(_header(line) for line in iter(file.readline, b"\r\n"))
            body = file.read(int(headers.get("content-length", "0")))
        call = RecordedCall(method, path, headers, body)
        self._upstream.record(call)
        return call

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def wait_for_release(self, timeout_s: float = HELD_AT_MOST_S) -> bool:
        """Hold still until `upstream.release()`, or for so long; tells whether it was released."""
        return self._upstream.released.wait(timeout_s)

    def reset(self) -> None:
        """Close with a RST in place of a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


Behaviour = Callable[[Connection], None]


def reply(
    body: object = b"",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    length: int | None = None,
) -> Behaviour:
    """Answer with a body: bytes and text as they are, anything else as JSON.

    `length` overrides the Content-Length.
    """

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(response_bytes(body, status, headers, length=length))

    return behave


def images(n: int = 1, size: str = "1024x1024", **fields: Any) -> Behaviour:
    return reply(images_answer(n, size, **fields), headers={"x-request-id": "req_scripted"})


def html(status: int = 200) -> Behaviour:
    page = "<!DOCTYPE html><html><title>Sign in</title><script>alert(1)</script></html>"
    return reply(page, status, {"Content-Type": "text/html"})


def redirect(location: str, status: int = 307) -> Behaviour:
    return reply(b"", status, {"Location": location})


def chunked(body: object, *pieces: int, ends: bool = True) -> Behaviour:
    """Answer in chunks of these sizes, the last one repeated; `ends=False` leaves the end out."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        rest, sizes = as_bytes(body), deque(pieces or (1000,))
        while rest:
            size = sizes.popleft() if len(sizes) > 1 else sizes[0]
            piece, rest = rest[:size], rest[size:]
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.send(b"0\r\n\r\n" if ends else b"")

    return behave


def drip(body: object = "", *, every_s: float = 0.05, from_byte: int = 0) -> Behaviour:
    """Answer a byte at a time; what lies before `from_byte` of the whole reply goes at once."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        data = response_bytes(body or images_answer())
        connection.send(data[:from_byte])
        for position in range(from_byte, len(data)):
            connection.send(data[position : position + 1])
            if connection.wait_for_release(every_s):
                return

    return behave


def hang() -> Behaviour:
    """Read the request and stay silent until released."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.wait_for_release()

    return behave


def never_read() -> Behaviour:
    """Accept, and read nothing until released."""

    def behave(connection: Connection) -> None:
        connection.wait_for_release()

    return behave


def cut(after: int, body: object = "", *, with_reset: bool = False) -> Behaviour:
    """Promise a whole answer and close after so many bytes of its body."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        data = response_bytes(body or images_answer())
        connection.send(data[: data.index(b"\r\n\r\n") + 4 + after])
        if with_reset:
            connection.reset()

    return behave


def reset_after_request() -> Behaviour:
    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.reset()

    return behave


def reset_in_request(after: int = 0) -> Behaviour:
    """Reset after having read so many bytes of what the client sends."""

    def behave(connection: Connection) -> None:
        left = after
        while left > 0:
            left -= len(connection.socket.recv(min(left, 65_536)))
        connection.reset()

    return behave


def raw(data: bytes) -> Behaviour:
    """Answer with these very bytes, status line and all."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(data)

    return behave


class ScriptedUpstream:
    """The server; a context manager, so a fixture is `with ScriptedUpstream() as it: yield it`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.calls: list[RecordedCall] = []
        self.connection_count = 0
        self.released = threading.Event()
        self.faults: list[BaseException] = []
        self._script: deque[Behaviour] = deque()
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._server = _Server(self, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._scheme = "https" if tls else "http"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        host = "localhost" if self._scheme == "https" else "127.0.0.1"
        return f"{self._scheme}://{host}:{self.port}/v1"

    def script(self, *behaviours: Behaviour) -> None:
        """Add behaviours for the next connections."""
        self._script.extend(behaviours)

    def release(self) -> None:
        """Let go of everything that hangs or drips, now and from now on."""
        self.released.set()

    def wait_for_calls(self, count: int, timeout_s: float = 10.0) -> None:
        """Wait until so many requests have been read."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.calls) >= count, timeout_s):
                raise TimeoutError(f"{len(self.calls)} of {count} calls came")

    def record(self, call: RecordedCall) -> None:
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()

    def serve(self, sock: socket.socket) -> None:
        """Play the next behaviour on a new connection."""
        with self._changed:
            self.connection_count += 1
            self._open.add(sock)
            behave = self._script.popleft() if self._script else images()
        try:
            behave(Connection(sock, self))
        except OSError:
            return  # The client went away, which is its good right.
        except BaseException as fault:
            self.faults.append(fault)
            raise
        finally:
            with self._changed:
                self._open.discard(sock)

    def _hang_up(self) -> None:
        """Free the threads that a client left waiting."""
        with self._changed:
            for sock in self._open:
                with suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
        self._server.shutdown()
        self._hang_up()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, upstream: ScriptedUpstream, tls: ssl.SSLContext | None) -> None:
        self.upstream = upstream
        self.tls = tls
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = self.server
        if not isinstance(server, _Server):
            return
        self.request.settimeout(HELD_AT_MOST_S)
        if server.tls is None:
            server.upstream.serve(self.request)
            return
        try:
            wrapped = server.tls.wrap_socket(self.request, server_side=True)
        except OSError:
            return  # The client did not like our certificate.
        with wrapped:
            server.upstream.serve(wrapped)


def as_bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def response_bytes(
    body: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    length: int | None = None,
) -> bytes:
    """Put a whole HTTP response together."""
    data = as_bytes(body)
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(len(data) if length is None else length),
        "Connection": "close",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + data


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name.strip().lower(), value.strip()
