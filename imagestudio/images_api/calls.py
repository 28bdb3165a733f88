"""Watchdog of calls: a deadline that holds however slowly the other side sends.

The timeouts of `requests` count from the last byte, so a server that sends one byte a second keeps
a call open for ever. Here one thread for the whole process shuts the socket of each call that is
late.
"""

from __future__ import annotations

import heapq
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Call:
    """A single use of the client; its clock starts when it is made."""

    def __init__(self, deadline_s: float, client_request_id: str | None = None) -> None:
        self.client_request_id = client_request_id
        self.started_at = time.monotonic()
        self.deadline_at = self.started_at + deadline_s
        self.is_cut = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    @property
    def remaining_s(self) -> float:
        return max(0.0, self.deadline_at - time.monotonic())

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started_at

    def cut(self) -> None:
        """End the call at once and for good, from the watchdog's thread."""
        with self._lock:
            self.is_cut = True
            _shut(self._socket)

    def hold(self, sock: socket.socket | None) -> None:
        """Name the socket to shut; None before it is closed, so that no later one is hit."""
        with self._lock:
            self._socket = sock
            if self.is_cut:
                _shut(sock)


class Watchdog:
    """Cuts calls at their deadlines from one thread, however many there are."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Call]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._watched: set[Call] = set()

    def watch(self, call: Call) -> None:
        with self._changed:
            self._watched.add(call)
            heapq.heappush(self._due, (call.deadline_at, next(self._order), call))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="call-watchdog", daemon=True)
                self._thread.start()
            elif self._due[0][2] is call:
                self._changed.notify()

    def forget(self, call: Call) -> None:
        """Let go of a finished call, so that nothing keeps it until its deadline."""
        with self._changed:
            self._watched.discard(call)
            # Finished calls leave the heap in bulk, once they are its greater part.
            if len(self._due) > 2 * len(self._watched) + 64:
                self._due = [entry for entry in self._due if entry[2] in self._watched]
                heapq.heapify(self._due)

    def _run(self) -> None:
        while True:
            late = self._wait_for_the_next()
            if late is not None:
                late.cut()

    def _wait_for_the_next(self) -> Call | None:
        """Sleep until a call is late or the heap changes; None means "look again"."""
        with self._changed:
            if not self._due:
                self._changed.wait()
                return None
            deadline_at, _, call = self._due[0]
            wait_s = deadline_at - time.monotonic()
            if wait_s > 0:
                self._changed.wait(wait_s)
                return None
            heapq.heappop(self._due)
            return call if call in self._watched else None


watchdog = Watchdog()


@contextmanager
def watched(call: Call) -> Iterator[None]:
    """Let the process's watchdog cut the call at its deadline; afterwards it is left alone."""
    watchdog.watch(call)
    try:
        yield
    finally:
        call.hold(None)
        watchdog.forget(call)


def _shut(sock: socket.socket | None) -> None:
    if sock is None:
        return
    try:
        # The plain socket's own method: the TLS one would drop its cipher under a reader.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # It was closed already, which is what was wanted.
