"""Decoder sandbox, the studio's side: pictures go in as open files, facts come out.

Each picture is decoded in a process of its own, forked by one of a few long-lived children (see
`child`). They get no environment, and end when their socket to us closes, however we ended.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import json
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from imagestudio.decoding.facts import Facts, NotAPicture, UnsafePicture
from imagestudio.decoding.limits import RESULT, Limits
from imagestudio.decoding.turns import Turns

logger = logging.getLogger(__name__)

CHILDREN = 2
CORES = os.cpu_count() or 1
ROOT = Path(__file__).resolve().parents[2]
MAX_REPLY_BYTES = 256 * 1024
# How much longer than its bound a child may take to say that a picture was killed.
GRACE_S = 10
# Nobody but the decoder itself is to blame for these.
_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)
_OVERRUN = (signal.SIGALRM, signal.SIGKILL)

# One pixel of PNG.
_GOOD = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one picture may use. Processor time is the file's doing; waiting may be ours."""

    cpu_s: int
    wall_s: float
    writing_cpu_s: int = 0  # For the copy of what was opened.
    memory_bytes: int = 580 * 1024 * 1024
    address_bytes: int = 1536 * 1024 * 1024


INSPECTING = Bounds(cpu_s=5, wall_s=20)
# Thirty megapixels with transparency take seven seconds to write.
CLEANING = Bounds(cpu_s=5, wall_s=40, writing_cpu_s=10)


class GateBroken(OSError):
    """The picture could not be judged, for reasons that are not its own."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one picture; exactly one of facts, refusal and trouble is there."""

    facts: Facts | None
    refusal: NotAPicture | None
    trouble: str
    cpu_s: float
    peak_bytes: int
    is_worth_a_second_try: bool = False

    def result(self) -> Facts:
        if self.refusal is not None:
            raise self.refusal
        if self.facts is None:
            raise GateBroken(self.trouble)
        return self.facts


class Gate:
    """A few children, started when first needed and replaced when they end."""

    def __init__(self, children: int = CHILDREN) -> None:
        self._children = children
        self._free = _none_started(children)
        self._turns = Turns()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._leave_to_parent)

    def inspect(self, file: BinaryIO, limits: Limits) -> Reply:
        """Judge an open file, from its beginning."""
        return self._ask({"work": "inspect"}, limits, INSPECTING, file)

    def clean(
        self, file: BinaryIO, into: BinaryIO, limits: Limits, member: Hashable | None = None
    ) -> Reply:
        """Judge an open file and write its clean copy into another; GateBusy for the impatient."""
        with self._turns.turn(member):
            return self._ask({"work": "clean"}, limits, CLEANING, file, into)

    def small(
        self, file: BinaryIO, into: Sequence[BinaryIO], limits: Limits, edges: Sequence[int]
    ) -> Reply:
        """Write one WebP for each length of the longest side."""
        return self._ask({"work": "small", "edges": edges}, limits, CLEANING, file, *into)

    def warm_up(self) -> None:
        """Start a child now, so that the first picture doesn't wait for it."""
        child = self._free.get()
        try:
            child = child or _proven()
        finally:
            self._free.put(child)

    def close(self) -> None:
        """End the children, waiting for pictures that are still in them."""
        for child in [self._free.get() for _ in range(self._children)]:
            if child is not None:
                child.end()
            self._free.put(None)

    def _leave_to_parent(self) -> None:
        """After a fork: what runs is our parent's to talk to, and to end."""
        self._parents = self._free
        self._free = _none_started(self._children)
        self._turns = Turns()

    def _ask(self, work: dict[str, Any], limits: Limits, bounds: Bounds, *files: BinaryIO) -> Reply:
        order = {**work, "limits": asdict(limits), "bounds": asdict(bounds)}
        reply = self._once(order, bounds, files)
        if reply.is_worth_a_second_try:
            # Somebody killed it, or it was gone: another picture may have met the same fate.
            logger.warning("a picture could not be judged, trying once more: %s", reply.trouble)
            reply = self._once(order, bounds, files)
        return reply

    def _once(self, order: dict[str, Any], bounds: Bounds, files: tuple[BinaryIO, ...]) -> Reply:
        child = self._free.get()
        healthy: _Child | None = None
        try:
            child = child or _proven()
            reply = _understood(child.ask(order, bounds, files), bounds)
            healthy = child
        except (OSError, ValueError, TypeError, KeyError) as error:
            text = f"{type(error).__name__}: {error}"
            reply = Reply(None, None, text, 0.0, 0, not isinstance(error, TimeoutError))
        finally:
            # Also when we were interrupted: its answer would be taken for the next picture's.
            if child is not None and healthy is None:
                child.kill()
            self._free.put(healthy)
        return reply


def _none_started(children: int) -> queue.LifoQueue[_Child | None]:
    free: queue.LifoQueue[_Child | None] = queue.LifoQueue()
    for _ in range(children):
        free.put(None)
    return free


def _proven() -> _Child:
    """A new child that knows a good picture when it sees one.

    Otherwise a decoder that can't work here would call every picture a bad one, paid ones too.
    """
    limits, bounds = asdict(RESULT), asdict(INSPECTING)
    order = {"work": "inspect", "limits": limits, "bounds": bounds}
    child = _Child()
    with contextlib.ExitStack() as undoing, tempfile.TemporaryFile(buffering=0) as file:
        undoing.callback(child.kill)
        file.write(_GOOD)
        reply = _understood(child.ask(order, INSPECTING, (file,)), INSPECTING)
        if reply.facts is None:
            raise ConnectionError(f"the decoder is broken: {reply.refusal or reply.trouble}")
        undoing.pop_all()
    return child


class _Child:
    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            # Where sockets have a timeout by default, as in a worker that shuts down, a decoder
            # would take "nothing there yet" for the end.
            theirs.setblocking(True)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "imagestudio.decoding"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                cwd=ROOT,
                # Decoders have no business with our keys.
                env={},
                # A Ctrl-C for the studio must not end a picture that was paid for.
                start_new_session=True,
            )

    def ask(self, order: dict[str, Any], bounds: Bounds, files: tuple[BinaryIO, ...]) -> Any:
        self._socket.settimeout(bounds.wall_s + GRACE_S)
        line = json.dumps(order).encode()
        socket.send_fds(self._socket, [line], [file.fileno() for file in files])
        reply = b""
        while not reply.endswith(b"\n"):
            piece = self._socket.recv(MAX_REPLY_BYTES)
            if not piece or len(reply) > MAX_REPLY_BYTES:
                raise ConnectionError("the decoding process ended")
            reply += piece
        return json.loads(reply)

    def end(self) -> None:
        self._socket.close()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """It and what it has forked."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._socket.close()
        self._process.wait()


def _understood(reply: dict[str, Any], bounds: Bounds) -> Reply:
    used = float(reply["cpu_s"]), int(reply["peak_bytes"])
    if reply["exit"] != 0:
        return _after_death(int(reply["exit"]), *used, bounds)
    answer = json.loads(reply["answer"])
    if "facts" in answer:
        facts = Facts.from_json(answer["facts"])
        return Reply(facts, None, "", *used)
    if "refused" in answer:
        kind = UnsafePicture if answer.get("is_unsafe") else NotAPicture
        return Reply(None, kind(answer["refused"]), "", *used)
    return Reply(None, None, str(answer["trouble"]), *used, is_worth_a_second_try=True)


def _after_death(code: int, cpu_s: float, peak_bytes: int, bounds: Bounds) -> Reply:
    # On a machine with much to do its time may be over before its processor time is.
    is_slow = cpu_s >= bounds.cpu_s / 2
    if -code == signal.SIGXCPU or (-code in _OVERRUN and is_slow):
        text = "it takes too long to open"
    elif code > 0 or -code in _CRASHES:
        logger.warning("a decoder ended with code %s", code)
        text = "it is damaged in a way that breaks the decoder"
    else:
        # Who has waited once for all of its time does not wait again.
        text, again = f"decoding ended by signal {-code}", -code != signal.SIGALRM
        return Reply(None, None, text, cpu_s, peak_bytes, again)
    return Reply(None, NotAPicture(text), "", cpu_s, peak_bytes)


# The gate of this process, and one for what nobody waits for, which never stands in its way.
default = Gate()
patient = Gate(CORES)
