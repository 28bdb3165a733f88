"""The wire between the gateway and its database, which can be cut at the worst moment."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

COMMITTED = b"COMMIT\0"  # How the server says that it has.


class Wire:
    """Passes bytes on until it is cut; a context manager."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._is_over = threading.Event()
        self.is_cut = threading.Event()
        self._cuts_at_commit = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._listen)

    def cut(self) -> None:
        """All connections end, and no new one begins."""
        with self._lock:
            self.is_cut.set()
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def cut_at_commit(self) -> None:
        """The next commit is carried out, and nobody hears that it was."""
        self._cuts_at_commit = True

    def heal(self) -> None:
        self.is_cut.clear()

    def __enter__(self) -> Wire:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()
        self.cut()
        self._listener.close()

    def _listen(self) -> None:
        while not self._is_over.is_set():
            with suppress(TimeoutError):
                here, _ = self._listener.accept()
                with self._lock:
                    self._connect(here)

    def _connect(self, here: socket.socket) -> None:
        if self.is_cut.is_set():
            here.close()
            return
        there = socket.create_connection(self._there)
        self._open += [here, there]
        for ends in ((here, there, False), (there, here, True)):
            threading.Thread(target=self._pass_on, args=ends).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError), source, target:
            while data := source.recv(65_536):
                if is_answer and self._cuts_at_commit and COMMITTED in data:
                    self._cuts_at_commit = False
                    self.cut()
                    return
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
