"""Keeps the children alive, and ends them in order."""

import contextlib
import json
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from imagestudio.engines import logs, processes
from imagestudio.engines.console import note
from imagestudio.engines.data import write_private
from imagestudio.engines.errors import failure
from imagestudio.engines.processes import Child
from imagestudio.engines.signals import SignalBox

DEATHS_TO_GIVE_UP = 5
DEATHS_WINDOW_S = 60.0


@dataclass(slots=True)
class ManagedProcess:
    """A child and how it fares."""

    child: Child
    process: subprocess.Popen[bytes]
    is_retired: bool = False
    restart_at: float | None = None
    deaths: deque[float] = field(default_factory=deque)

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None


class Supervisor:
    def __init__(
        self,
        signals: SignalBox,
        pids_file: Path,
        backoff_s: tuple[float, ...] = (0.1, 0.5, 1.0, 2.0),
    ) -> None:
        self._backoff_s = backoff_s
        self._signals = signals
        self._pids_file = pids_file
        self._managed: dict[str, ManagedProcess] = {}

    def start(self, child: Child) -> subprocess.Popen[bytes]:
        process = processes.spawn(child)
        self._managed[child.name] = ManagedProcess(child, process)
        self._record()
        return process

    def run(self, *children: Child) -> None:
        """Start them side by side and wait; anything but success ends the start of the studio."""
        offsets = [logs.size(child.log) for child in children]
        running = [self.start(child) for child in children]
        processes.wait_until(
            lambda: all(process.poll() is not None for process in running),
            float("inf"),
            self._signals.sleep_or_stop,
        )
        for child, process, offset in zip(children, running, offsets, strict=True):
            del self._managed[child.name]
            self._record()
            if process.returncode != 0:
                how = processes.how_it_ended(process.returncode)
                said = logs.since(child.log, offset)
                raise failure(f"{child.name} failed ({how}).", said, child.log)

    def watch(self, until: Callable[[], bool], within_s: float, every_s: float = 0.05) -> bool:
        """Start again whatever dies, until `until()` holds; False when the time is over."""
        deadline = time.monotonic() + within_s
        while not until():
            now = time.monotonic()
            if now > deadline:
                return False
            for managed in self._managed.values():
                self._look_after(managed, now)
            self._signals.sleep(min(every_s, deadline - now, self._next_restart_in(now)))
        return True

    def trim_logs(self) -> None:
        for managed in self._managed.values():
            logs.trim(managed.child.log)

    def is_alive(self, name: str) -> bool:
        return name in self._managed and self._managed[name].is_alive

    def retire(self, name: str) -> None:
        """Ask it to end in its own time; its end is then no death."""
        managed = self._managed[name]
        managed.is_retired = True
        if managed.is_alive:
            managed.process.send_signal(managed.child.stop_signal)

    def cut(self, name: str) -> None:
        processes.kill(self._managed[name].process)

    def stop_all(self) -> None:
        """End all, wave by wave. A request to stop that comes meanwhile cuts the current wave."""
        for wave in sorted({managed.child.stop_wave for managed in self._managed.values()}):
            self._stop_wave([w for w in self._managed.values() if w.child.stop_wave == wave])
        self._managed.clear()
        self._pids_file.unlink(missing_ok=True)

    def _look_after(self, managed: ManagedProcess, now: float) -> None:
        if managed.is_alive or managed.is_retired:
            return
        if managed.restart_at is None:
            self._note_death(managed, now)
        elif now >= managed.restart_at:
            managed.process = processes.spawn(managed.child)
            managed.restart_at = None
            self._record()

    def _note_death(self, managed: ManagedProcess, now: float) -> None:
        """Note a death: a new start after a pause that grows, or the end when it keeps dying."""
        how = processes.how_it_ended(managed.process.returncode)
        # What it started itself would otherwise go on beside its successor.
        processes.kill(managed.process)
        managed.deaths.append(now)
        while managed.deaths[0] < now - DEATHS_WINDOW_S:
            managed.deaths.popleft()
        if len(managed.deaths) >= DEATHS_TO_GIVE_UP:
            raise failure(
                f"{managed.child.name} died {len(managed.deaths)} times within a minute ({how}), "
                "so the studio stops.",
                logs.tail(managed.child.log),
                managed.child.log,
            )
        managed.restart_at = now + self._backoff_s[len(managed.deaths) - 1]
        note(f"{managed.child.name} ended ({how}); starting it again.")

    def _next_restart_in(self, now: float) -> float:
        due = [w.restart_at for w in self._managed.values() if w.restart_at is not None]
        return max(0.0, min(due, default=now + 3600) - now)

    def _stop_wave(self, those: list[ManagedProcess]) -> None:
        asked_before = self._signals.stops
        living = [managed for managed in those if managed.is_alive]
        for managed in living:
            managed.process.send_signal(managed.child.stop_signal)
        deadline = time.monotonic() + max((w.child.stop_within_s for w in living), default=0)
        while any(managed.is_alive for managed in living):
            if time.monotonic() > deadline or self._signals.stops > asked_before:
                break
            self._signals.sleep(0.05)
        for managed in living:
            # Also after an orderly end: what it started itself must not stay.
            processes.kill(managed.process)

    def _record(self) -> None:
        """Write down who runs, for the next owner on systems without a death signal."""
        # A full disk must not stop a restart; the file is a second net only.
        with contextlib.suppress(OSError):
            write_private(
                self._pids_file, json.dumps([_identity(w) for w in self._managed.values()])
            )


def stop_orphans(pids_file: Path) -> None:
    """End what a killed owner left running: those whose pid and start time still match."""
    try:
        entries = json.loads(pids_file.read_text())
    except (FileNotFoundError, ValueError):
        return
    left = {
        process: signal.Signals(entry["stop_signal"])
        for entry in entries
        if (process := _still_running(entry))
    }
    processes.end_strangers(left, within_s=15)
    pids_file.unlink()


def _identity(managed: ManagedProcess) -> dict[str, float | int]:
    pid = managed.process.pid
    try:
        started_at = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        started_at = 0.0
    return {"pid": pid, "started_at": started_at, "stop_signal": int(managed.child.orphan_signal)}


def _still_running(entry: dict[str, float | int]) -> psutil.Process | None:
    try:
        process = psutil.Process(int(entry["pid"]))
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process if abs(process.create_time() - entry["started_at"]) < 2 else None
    except psutil.NoSuchProcess:
        return None
