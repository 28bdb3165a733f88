"""The upstream of the faults: scripted by job, and keeping a ledger of what it was asked for."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests import upstream as scripts
from tests.faults.bill import Reply
from tests.upstream import Behaviour, Connection, RecordedCall, ScriptedUpstream

TOKEN = re.compile(rb"fox-([0-9a-f]{12})")
NUMBER = re.compile(rb'(?:"n": ?|name="n"\r\n\r\n)(\d+)')  # Of a generation, of an edit.


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in, and what it was answered."""

    token: str
    job_id: str
    fence: int
    byte_count: int
    is_whole: bool
    reply: Reply = field(default_factory=Reply, compare=False)

    @property
    def may_be_billed(self) -> bool:
        """All that came whole is carried out, whatever became of the answer, but for a refusal."""
        return self.is_whole and not self.reply.is_refusal


class Ledger(ScriptedUpstream):
    """Answers each job as it was planned for it, and all others with their pictures.

    `script` still works for what must go wrong before the request is read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self._plans: dict[str, list[Behaviour]] = {}

    def plan(self, token: str, *behaviours: Behaviour) -> None:
        """For the first calls of this job, in turn."""
        self._plans[token] = list(behaviours)

    def hold_again(self) -> None:
        """What hangs from now on waits for the next `release`."""
        self.released = threading.Event()

    def calls_of(self, token: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.token == token and asked.is_whole]

    def calls_by_job(self) -> Counter[str]:
        return Counter(asked.job_id for asked in self.asked if asked.is_whole)

    def serve(self, sock: socket.socket) -> None:
        first = sock.recv(4, socket.MSG_PEEK)
        with self._changed:
            self._open.add(sock)
            is_call = first == b"POST" or not first
            scripted = self._script.popleft() if is_call and self._script else None
        behave = scripted or (self._read_and_follow if is_call else _list_models)
        try:
            behave(Connection(sock, self))
        except (OSError, ValueError):
            return  # The client died in the middle of its request.
        finally:
            with self._changed:
                self._open.discard(sock)

    def _read_and_follow(self, connection: Connection) -> None:
        call = connection.read_request()
        asked = self._note(call)
        waiting = self._plans.get(asked.token)
        behave = waiting.pop(0) if waiting else _pictures(call)
        behave(_Read(connection, call, asked.reply))

    def _note(self, call: RecordedCall) -> Asked:
        found = TOKEN.search(call.body)
        token = found.group(1).decode() if found else ""
        job_id, _, fence = call.headers.get("x-client-request-id", "-0").rpartition("-")
        is_whole = len(call.body) == int(call.headers.get("content-length", "0"))
        asked = Asked(token, job_id, int(fence), len(call.body), is_whole)
        self.asked.append(asked)
        return asked


class _Read(Connection):
    """A connection whose request is read already, any number of times.

    What is answered is noted before it is sent, so the ledger is never behind the studio.
    """

    def __init__(self, connection: Connection, call: RecordedCall, reply: Reply) -> None:
        super().__init__(connection.socket, connection._upstream)
        self._call = call
        self._reply = reply

    def read_request(self) -> RecordedCall:
        return self._call

    def send(self, data: bytes) -> None:
        self._reply.note(data)
        super().send(data)


def when_released(connection: Connection) -> None:
    """Answer with the pictures, but not before the row says so."""
    call = connection.read_request()
    connection.wait_for_release()
    _pictures(call)(connection)


def after(pause: Callable[[], object], then: Behaviour | None = None) -> Behaviour:
    """Do something, or wait for something, with the request in hand; then answer."""

    def behave(connection: Connection) -> None:
        call = connection.read_request()
        pause()
        (then or _pictures(call))(connection)

    return behave


def _pictures(call: RecordedCall) -> Behaviour:
    found = NUMBER.search(call.body)
    return scripts.images(int(found.group(1)) if found else 1)


def _list_models(connection: Connection) -> None:
    with connection.socket.makefile("rb") as file:
        while file.readline() not in (b"\r\n", b""):
            continue
    connection.send(scripts.response_bytes({"object": "list", "data": []}))
