"""The processes of the rig: started, killed, stopped, listened to."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psutil

from imagestudio.engines import processes
from imagestudio.engines.processes import Child

WITHIN_S = 60.0  # G2: work resumes within this time of the last fault.
LAST_WORDS = 6_000
Found = TypeVar("Found")


class Troupe:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.orders = folder / "orders"
        self._children: dict[str, Child] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._said_before: dict[Path, int] = {}
        self._said_at_start: dict[str, int] = {}
        self.last_death = 0.0  # Of a worker, by the wall's clock.

    def start_programs(self, *names: str) -> None:
        for name in names:
            if name.startswith("worker"):
                # It takes the place of one that died, whoever ended it and by whatever means.
                self.last_death = time.time()
            self._said_at_start[name] = sum(log.stat().st_size for log in self._logs(name))
            self._running[name] = processes.spawn(self._children[name])

    def tend(self) -> None:
        """Start again what died, as the launcher would."""
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                self.start_programs(name)

    def take_away(self, name: str, by: signal.Signals = signal.SIGKILL) -> None:
        """End a program for good; `start_programs` brings it back."""
        process = self._running.pop(name)
        process.send_signal(by)
        process.wait(60)

    def let_go(self, name: str) -> subprocess.Popen[bytes]:
        """From now on the row looks after this process itself. A worker hears signals by now."""
        if name.startswith("worker"):
            self.wait_for(lambda: self._has_begun(name))
        return self._running.pop(name)

    def _has_begun(self, name: str) -> bool:
        [log] = self._logs(name)
        return b" ready." in log.read_bytes()[self._said_at_start[name] :]

    def kill(self, name: str, by: signal.Signals = signal.SIGKILL) -> None:
        """End a program that somebody starts again."""
        self.take_away(name, by)
        self.start_programs(name)

    def ask(self, name: str, by: signal.Signals) -> None:
        """Send a signal to a program that may be gone already."""
        if not self.has_died(name):
            self._running[name].send_signal(by)

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def pause(self, *names: str) -> None:
        for name in names:
            os.kill(self.pid(name), signal.SIGSTOP)

    def resume(self, *names: str) -> None:
        for name in names:
            os.kill(self.pid(name), signal.SIGCONT)

    @contextmanager
    def standstill(self) -> Iterator[None]:
        """None of our own programs does anything meanwhile; those that were stopped go on, too."""
        names = [name for name in self._programs_of_ours() if not self.has_died(name)]
        with suppress(ProcessLookupError):
            self.pause(*names)
        time.sleep(0.05)
        try:
            yield
        finally:
            for name in names:
                with suppress(ProcessLookupError):
                    self.resume(name)

    def _programs_of_ours(self) -> list[str]:
        return [name for name in self._running if name.startswith(("web", "worker", "sweeper"))]

    def has_died(self, name: str) -> bool:
        return self._running[name].poll() is not None

    @property
    def workers(self) -> tuple[str, ...]:
        return tuple(name for name in self._running if name.startswith("worker"))

    # Orders for kill points

    def order(self, point: str, words: str = "kill") -> None:
        (self.orders / f"{point}.new").write_text(words)
        (self.orders / f"{point}.new").rename(self.orders / point)

    def is_obeyed(self, point: str) -> bool:
        return not (self.orders / point).exists()

    def has_stopped(self) -> bool:
        """Whether one of the workers has come to its order to stop."""
        states = [psutil.Process(self.pid(name)).status() for name in self.workers]
        return psutil.STATUS_STOPPED in states

    def forget_orders(self) -> None:
        for path in self.orders.iterdir():
            path.unlink()

    def wait_for(
        self,
        ask: Callable[[], Found | None],
        within_s: float = WITHIN_S,
        why: Callable[[], object] = lambda: "",
    ) -> Found:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if found := ask():
                return found
            self.tend()
            time.sleep(0.03)
        raise AssertionError(f"not within {within_s} s: {why()}\n{self.words()[-3000:]}")

    # What they said

    def words(self, name: str = "*") -> str:
        """The logs of our own programs."""
        return self._words(name, {})

    def new_words(self, name: str = "*") -> str:
        """What they said since the rig last forgot."""
        return self._words(name, self._said_before)

    def last_words(self) -> str:
        """The end of each log, for whoever has to find out why a row failed."""
        said = {log.name: self.new_words(log.stem)[-LAST_WORDS:] for log in self._logs("*")}
        return "\n".join(f"=== {name}\n{words}" for name, words in said.items())

    def _words(self, name: str, said_before: dict[Path, int]) -> str:
        parts = {log: log.read_bytes()[said_before.get(log, 0) :] for log in self._logs(name)}
        return "\n".join(f"== {log.name}\n{said.decode()}" for log, said in parts.items() if said)

    def _logs(self, name: str) -> list[Path]:
        return sorted((self.folder / "logs").glob(f"{name}.log"))
