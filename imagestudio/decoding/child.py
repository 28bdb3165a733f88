"""The child's side: a small process that forks once for each picture.

It holds the decoders, but no secret, no connection and no thread, so forking it is cheap and safe.
The fork may use a little processor and memory, can open nothing, sees one picture and ends.
"""

import contextlib
import gc
import json
import os
import resource
import signal
import socket
import sys
import warnings
from dataclasses import asdict
from typing import Any

from imagestudio.decoding import clock, normalise
from imagestudio.decoding.facts import Facts, NotAPicture, UnsafePicture
from imagestudio.decoding.inspect import inspect
from imagestudio.decoding.limits import Limits
from imagestudio.decoding.scans import check_scans

MAX_LINE_BYTES = 64 * 1024
MAX_DESCRIPTORS = 8


def main() -> None:
    # Nothing may be loaded later, when no file can be opened any more.
    from PIL import (  # noqa: F401
        AvifImagePlugin,
        GifImagePlugin,
        Image,
        JpegImagePlugin,
        MpoImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    Image.preinit()
    # No picture may start threads.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    warnings.simplefilter("ignore")
    # Collecting would touch, and so copy, every page that a fork shares with us.
    gc.disable()
    gc.freeze()
    with socket.socket(fileno=0) as control, contextlib.suppress(ConnectionError):
        _serve(control)


def confine(bounds: dict[str, Any]) -> None:
    """Give up all that decoding doesn't need; the kernel kills what overruns."""
    clock.start(bounds)
    _limit(resource.RLIMIT_CORE, 0)
    # No new file, connection or program.
    _limit(resource.RLIMIT_NOFILE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_DATA, bounds["memory_bytes"])
        _limit(resource.RLIMIT_AS, bounds["address_bytes"])
    signal.setitimer(signal.ITIMER_REAL, bounds["wall_s"])


def _serve(control: socket.socket) -> None:
    """Answer orders one by one until the studio's end is closed."""
    while True:
        line, descriptors, _, _ = socket.recv_fds(control, MAX_LINE_BYTES, MAX_DESCRIPTORS)
        if not line:
            return
        reply = _in_fork(control, json.loads(line), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(json.dumps(reply).encode() + b"\n")


def _in_fork(control: socket.socket, order: dict[str, Any], descriptors: list[int]) -> object:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        # A decoder that was taken over must not be able to answer for the next picture.
        control.close()
        confine(order["bounds"])
        with os.fdopen(writer, "w") as file:
            json.dump(_carry_out(order, *descriptors), file)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        answer = file.read(MAX_LINE_BYTES)
    _, status, usage = os.wait4(pid, 0)
    return {
        "exit": os.waitstatus_to_exitcode(status),
        "cpu_s": usage.ru_utime + usage.ru_stime,
        # macOS counts in bytes, everybody else in kilobytes.
        "peak_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "answer": answer.decode(errors="replace"),
    }


def _limit(what: int, value: int) -> None:
    resource.setrlimit(what, (value, value))


def _carry_out(order: dict[str, Any], source: int, *targets: int) -> dict[str, object]:
    limits = Limits(**order["limits"])
    try:
        facts, contents = _work(order, _read(source, limits.max_bytes + 1), limits)
        for target, content in zip(targets, contents, strict=True):
            _write(target, content)
        return {"facts": asdict(facts)}
    except NotAPicture as error:
        return {"refused": str(error), "is_unsafe": isinstance(error, UnsafePicture)}
    except MemoryError:
        return {"refused": "it needs more memory than is given to one picture"}
    except OSError as error:
        return {"trouble": str(error)}


def _work(order: dict[str, Any], data: bytes, limits: Limits) -> tuple[Facts, list[bytes]]:
    check_scans(data)
    if order["work"] == "small":
        # Calls and pages go first.
        os.nice(10)
        return normalise.small(data, limits, order["edges"])
    if order["work"] == "clean":
        facts, content = normalise.clean(data, limits)
        return facts, [content]
    return inspect(data, limits), []


def _read(descriptor: int, max_bytes: int) -> bytes:
    # The place in the file is shared with the studio, and with an earlier try.
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        # Asked for the most that there may be, it would set that much memory aside.
        return file.read(min(os.fstat(descriptor).st_size, max_bytes))


def _write(descriptor: int, content: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.ftruncate(descriptor, 0)
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(content)
