"""Starting an engine: a free port, a real login, and words when it can't."""

import socket
import subprocess
import time
from collections.abc import Callable
from typing import Protocol

from imagestudio.engines import logs
from imagestudio.engines.errors import StudioError, failure
from imagestudio.engines.processes import Child, wait_until

PORT_TRIES = 5
START_WITHIN_S = 60.0
TAKEN = "ddress already in use"


class Engine(Protocol):
    name: str

    def prepare(self) -> None: ...
    def child(self, port: int) -> Child: ...
    def url(self, port: int) -> str: ...
    def answers(self, port: int) -> bool: ...


Begin = Callable[[Child], subprocess.Popen[bytes]]


def start_engine(
    engine: Engine, begin: Begin, pause: Callable[[float], object] = time.sleep
) -> str:
    """Start it and return its URL once it answers."""
    engine.prepare()
    for _ in range(PORT_TRIES):
        port = free_port()
        child = engine.child(port)
        before = logs.size(child.log)
        if _comes_up(engine, port, begin(child), pause):
            return engine.url(port)
        said = logs.since(child.log, before)
        if TAKEN not in said:
            raise failure(f"{engine.name} can't start.", said, child.log)
    raise StudioError(f"{engine.name} found no free port in {PORT_TRIES} tries; start again.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _comes_up(
    engine: Engine,
    port: int,
    process: subprocess.Popen[bytes],
    pause: Callable[[float], object],
) -> bool:
    def settled() -> bool:
        return process.poll() is not None or engine.answers(port)

    return wait_until(settled, START_WITHIN_S, pause) and process.poll() is None
