"""A studio under attack: what others notice of it, and what is left of it afterwards."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import psutil

from tests.studio import PASSWORD, RunningStudio, wait_for

WEB = "imagestudio.asgi:application"
HEALTHZ_S, OTHERS_S = 0.5, 2.0
CALM_WITHIN_S = 60.0
MEGABYTE = 1024 * 1024
BURNT_S = 0.3


@dataclass
class Delays:
    """The worst of what was waited for, by what it was."""

    worst_s: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def note(self, what: str, seconds: float) -> None:
        self.worst_s[what] = max(seconds, self.worst_s.get(what, 0.0))


class Siege:
    """A running studio with two web processes, its people, and who watches meanwhile."""

    def __init__(self, studio: RunningStudio) -> None:
        self.studio = studio
        self.port = studio.port
        self.keys: dict[str, str] = {}
        self.cookies: dict[str, str] = {}
        for name, role in (("alice", "member"), ("bob", "member"), ("vera", "viewer")):
            self._add(name, role)
        self._watched(lambda: time.sleep(2.0))  # All that is made at first use is there.
        self.quiet_bytes = self._resident()

    def webs(self) -> list[psutil.Process]:
        launcher = self.studio.program(WEB).parent()
        assert launcher is not None
        return [each for each in launcher.children() if WEB in " ".join(each.cmdline())]

    def withstands(self, attack: Callable[[], object]) -> None:
        """Others are served while it goes on, and afterwards the memory is back."""
        before = slowness()
        delays = self._watched(attack)
        # The limits are for a machine of our own; the quiet one may have more to do.
        slowed = max(before, slowness())

        assert not delays.failures, delays.failures[:3]
        for what, seconds in delays.worst_s.items():
            limit_s = HEALTHZ_S if what.startswith("/healthz") else OTHERS_S
            assert seconds < limit_s * slowed, (what, slowed, delays)
        wait_for(self._is_calm, CALM_WITHIN_S, lambda: (self._resident(), self.quiet_bytes))

    def line(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 240, (source, 0))

    def send(self, data: bytes, source: str = "127.0.0.1") -> int:
        """The status of the answer; 0 when the line was cut without one."""
        with closing(self.line(source)) as line:
            with suppress(OSError):
                line.sendall(data)
            with suppress(OSError):
                return int(line.recv(4096).split(b" ", 2)[1] or 0)
        return 0

    def _add(self, name: str, role: str) -> None:
        email = f"{name}@redwood.example"
        self.studio.command("adduser", email, "--role", role, typed=PASSWORD)
        if role == "member":
            self.keys[name] = self.studio.command("addkey", email, "tests").strip()
        session = self.studio.visitor().sign_in(email, PASSWORD)._session
        self.cookies[name] = "; ".join(f"{k}={v}" for k, v in session.cookies.items())

    def _resident(self) -> int:
        return sum(each.memory_info().rss for each in self.webs())

    def _is_calm(self) -> bool:
        return self._resident() < 1.25 * self.quiet_bytes + 48 * MEGABYTE

    def _watched(self, attack: Callable[[], object]) -> Delays:
        delays, is_over = Delays(), threading.Event()
        watchers = [
            threading.Thread(target=watch, args=(delays, is_over))
            for watch in (*self._each_process(), self._program, self._page)
        ]
        for each in watchers:
            each.start()
        try:
            attack()
            time.sleep(1.0)  # What it has begun goes on, and a short one is noticed as well.
        finally:
            is_over.set()
            for each in watchers:
                each.join(120)
        return delays

    def _each_process(self) -> Iterator[Callable[[Delays, threading.Event], None]]:
        """One connection to each of the two, held open: a new one would go to whoever is free."""
        for number, web in enumerate(self.webs(), 1):
            yield partial(self._healthz, f"/healthz of {number}", web.pid)

    def _healthz(self, what: str, pid: int, delays: Delays, is_over: threading.Event) -> None:
        while not is_over.is_set():
            try:
                with self._connected_to(pid) as line:
                    while not is_over.wait(0.05):
                        with timed(delays, what):
                            line.request("GET", "/healthz")
                            answer = line.getresponse()
                            assert (answer.status, answer.read()) == (200, b"ok")
            except (OSError, http.client.HTTPException, AssertionError) as error:
                delays.failures.append(f"{what}: {error!r}")

    @contextmanager
    def _connected_to(self, pid: int) -> Iterator[http.client.HTTPConnection]:
        process = psutil.Process(pid)
        for _ in range(200):
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            with closing(line):
                line.request("GET", "/healthz")
                line.getresponse().read()
                ours = line.sock.getsockname()[1]
                if any(c.raddr and c.raddr.port == ours for c in process.net_connections("tcp")):
                    yield line
                    return
        raise AssertionError("this process answers nobody")

    def _program(self, delays: Delays, is_over: threading.Event) -> None:
        key = {"Authorization": f"Bearer {self.keys['bob']}"}
        self._ask("a program of bob's", "/v1/models", key, delays, is_over)

    def _page(self, delays: Delays, is_over: threading.Event) -> None:
        cookie = {"Cookie": self.cookies["bob"]}
        self._ask("a page of bob's", "/history/", cookie, delays, is_over)

    def _ask(
        self,
        what: str,
        path: str,
        headers: dict[str, str],
        delays: Delays,
        is_over: threading.Event,
    ) -> None:
        while not is_over.wait(0.6):  # A key may ask 120 times a minute.
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            with closing(line):
                try:
                    with timed(delays, what):
                        line.request("GET", path, headers=headers)
                        status = line.getresponse().status
                        assert status == 200, status
                except (OSError, http.client.HTTPException, AssertionError) as error:
                    delays.failures.append(f"{what}: {error!r}")


@contextmanager
def timed(delays: Delays, what: str) -> Iterator[None]:
    began_at = time.monotonic()
    yield
    delays.note(what, time.monotonic() - began_at)


def slowness() -> float:
    """How many times longer than alone a busy program takes here now."""
    began_at, began_with = time.monotonic(), time.thread_time()
    while time.thread_time() < began_with + BURNT_S:
        pass
    return max(1.0, (time.monotonic() - began_at) / BURNT_S)
