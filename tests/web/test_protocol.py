"""HTTP by the byte: a real server with our protocol, and clients that only have a socket."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import uvicorn
from pytest_django import Settings

from imagestudio.web import half_closed, protocol
from imagestudio.web.protocol import StudioProtocol
from tests.corpus.attacks import HEADS, Head, request

Served = Callable[[bytes], bytes]


class App:
    """Tells what it was asked, in pieces and late if the address says so."""

    def __init__(self) -> None:
        self.gone = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = {"type": "http.request"}
        while scope["path"] != "/unread" and (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.disconnect":
            self.gone.set()
            return
        if scope["path"] == "/late":
            await self._wait(receive)
        if scope["path"] == "/large":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(400):
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        body = json.dumps([name.decode() for name, _ in scope["headers"]]).encode()
        if scope["path"] != "/large":
            headers = [(b"content-length", b"%d" % len(body))] if scope["path"] == "/known" else []
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body[:2], "more_body": True})
        await send({"type": "http.response.body", "body": body[2:]})

    async def _wait(self, receive: Any) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.4):
                while (await receive())["type"] != "http.disconnect":
                    pass
                self.gone.set()


class Server:
    def __init__(self) -> None:
        self.app = App()
        config = uvicorn.Config(
            self.app, http=StudioProtocol, lifespan="off", log_config=None, loop="uvloop"
        )
        self._server = uvicorn.Server(config)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))

    def __enter__(self) -> Server:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()
        self._listener.close()

    def line(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 10, (source, 0))

    def ask(self, data: bytes) -> bytes:
        """Send all, and read until the connection ends."""
        with self.line() as line:
            with suppress(OSError):  # It was answered, and closed, before it had sent all.
                line.sendall(data)
            return read_all(line)


def read_all(line: socket.socket) -> bytes:
    answer = b""
    with suppress(ConnectionError):
        while piece := line.recv(1 << 20):
            answer += piece
    return answer


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


CLOSE = b"Connection: close"


@pytest.mark.parametrize("head", HEADS, ids=str)
def test_w02_it_refuses_heads_without_end(server: Server, head: Head) -> None:
    answer = server.ask(head.data)

    assert status_of(answer) == head.status
    assert b"connection: close" in answer
    assert b"content-security-policy" in answer
    assert head.status == 400 or b"of this request" in answer


def test_w02_it_tells_programs_in_their_envelope(server: Server) -> None:
    answer = server.ask(request("/v1/models", b"a: " + b"b" * 40_000))

    error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert error["code"] == "headers_too_large"


def test_w02_it_takes_what_browsers_send(server: Server) -> None:
    lines = [b"Cookie: " + b"c" * 12_000, *[b"X-%d: y" % n for n in range(60)], CLOSE]

    assert status_of(server.ask(request("/?" + "q" * 7000, *lines))) == 200


@pytest.mark.parametrize("size", [1, 3, 97])
def test_it_reads_heads_that_come_in_small_pieces(server: Server, size: int) -> None:
    data = request("/known", CLOSE)

    with server.line() as line:
        for at in range(0, len(data), size):
            line.sendall(data[at : at + size])
        assert status_of(read_all(line)) == 200


def test_w02_it_forgets_what_comes_behind_a_body(server: Server) -> None:
    """A trailer would be taken for a header: an address, a key, a cookie."""
    chunks = b"1\r\na\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
    head = request("/known", b"Transfer-Encoding: chunked", CLOSE, method=b"POST")

    answer = server.ask(head + chunks)

    assert status_of(answer) == 200
    assert b"x-forwarded-for" not in answer


def test_w02_it_refuses_trailers_without_end(server: Server) -> None:
    head = request("/late", b"Transfer-Encoding: chunked", method=b"POST")

    answer = server.ask(head + b"0\r\n" + b"a: b\r\n" * 100_000)

    assert status_of(answer) == 431


def test_w02_it_answers_many_requests_sent_at_once_in_turn(server: Server) -> None:
    data = request("/known", b"X-Long: " + b"x" * 200) * 2000 + request("/known", CLOSE)

    assert server.ask(data).count(b"HTTP/1.1 200 OK") == 2001


def test_w02_it_refuses_more_requests_in_a_packet_than_it_can_parse_in_time(
    server: Server,
) -> None:
    answer = server.ask(b"GET / HTTP/1.1\r\n\r\n" * 8000)

    assert b"Too many requests are sent at once." in answer


@contextmanager
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(protocol, "HEAD_S", 0.2)
    yield


def test_w02_it_ends_heads_that_come_too_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    with short(monkeypatch), Server() as server, server.line() as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")

        answer = read_all(line)

    assert status_of(answer) == 408
    assert b"too slowly" in answer


def test_w02_it_closes_who_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with short(monkeypatch), Server() as server, server.line() as line, server.line() as other:
        other.sendall(b"\r\n")

        assert read_all(line) == b""
        assert status_of(read_all(other)) == 408


def test_w02_it_ends_a_second_head_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with short(monkeypatch), Server() as server, server.line() as line:
        line.sendall(request("/known") + b"GET / HT")

        answer = read_all(line)

    assert [status_of(answer), answer.count(b"HTTP/1.1 408")] == [200, 1]


def test_w02_it_lets_an_answer_out_before_it_ends_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagestudio.web.connections.LOOK_EVERY_S", 0.05)
    with short(monkeypatch), Server() as server, server.line() as line:
        line.sendall(request("/late") + b"GET / HT")

        answer = read_all(line)

    assert status_of(answer) == 200
    assert answer.endswith(b"0\r\n\r\n")


def test_w02_it_gives_up_who_takes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "STALLED_S", 0.2)
    with Server() as server, server.line() as line:
        line.sendall(request("/large"))
        time.sleep(2.5)

        assert len(read_all(line)) < 400 * 65536


def test_w02_silent_lines_keep_nobody_out(settings: Settings) -> None:
    settings.MAX_CONNECTIONS = 20
    with Server() as server:
        silent = [server.line("127.0.0.2") for _ in range(60)]
        time.sleep(0.2)

        assert status_of(server.ask(request("/known", CLOSE))) == 200
        for line in silent:
            line.close()


def test_w02_a_full_house_says_so(settings: Settings) -> None:
    settings.MAX_CONNECTIONS = 1
    with Server() as server, server.line() as busy:
        busy.sendall(request("/late"))
        time.sleep(0.1)

        answer = server.ask(request("/known", CLOSE))

        assert status_of(answer) == 503
        assert b"retry-after" in answer
        assert status_of(busy.recv(100)) == 200


def test_w13_it_waits_no_longer_for_what_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    with Server() as server, server.line() as line:
        line.sendall(request("/unread", b"Content-Length: 900000000", method=b"POST"))
        began_at = time.monotonic()
        with suppress(OSError):
            while time.monotonic() < began_at + 20:
                line.sendall(b"x" * 1000)
                time.sleep(0.05)

        assert time.monotonic() < began_at + 10


# HTTP/1.0, and half a connection


def test_field_f15_it_ends_an_old_answer_with_the_connection(server: Server) -> None:
    head, _, body = server.ask(request("/", version=b"1.0")).partition(b"\r\n\r\n")

    assert b"chunked" not in head
    assert b"connection: close" in head
    assert json.loads(body) == ["host"]


def test_field_f15_it_says_how_long_an_old_answer_is_where_it_knows(server: Server) -> None:
    head, _, body = server.ask(request("/known", version=b"1.0")).partition(b"\r\n\r\n")

    assert b"content-length: 8" in head
    assert json.loads(body) == ["host"]


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
@pytest.mark.parametrize("path", ["/known", "/late"])
def test_field_f15_it_answers_who_only_listens(server: Server, path: str, version: bytes) -> None:
    with server.line() as line:
        line.sendall(request(path, version=version))
        line.shutdown(socket.SHUT_WR)

        answer = read_all(line)

    assert b" 200 OK" in answer
    assert b'["' in answer
    assert not server.app.gone.is_set()


def test_field_f15_it_notices_at_once_who_has_gone(server: Server) -> None:
    line = server.line()
    line.sendall(request("/late"))
    line.close()

    assert server.app.gone.wait(0.35)


def test_field_f15_it_does_not_wait_for_the_rest_of_half_a_request(server: Server) -> None:
    with server.line() as line:
        line.sendall(request("/", b"Content-Length: 10", method=b"POST") + b"half")
        line.shutdown(socket.SHUT_WR)

        assert read_all(line) == b""
    assert server.app.gone.wait(1)


def test_a_reset_is_told_from_an_end() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    there = socket.create_connection(listener.getsockname())
    here, _ = listener.accept()
    there.shutdown(socket.SHUT_WR)
    assert not half_closed.is_reset(here)

    there.close()
    here.send(b"anybody?")
    time.sleep(0.05)

    assert half_closed.is_reset(here)
    here.close()
    listener.close()
