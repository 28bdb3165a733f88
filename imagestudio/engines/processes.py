"""Children: what they are, how they start and how they end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from imagestudio.engines import clock, logs
from imagestudio.engines.identity import Account

TETHER = Path(__file__).with_name("tether.py")


@dataclass(frozen=True, slots=True)
class Child:
    """One program of the studio. Always in the foreground, always a direct child of its owner."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    log: Path
    # Where the standard output goes when it is not for the log.
    output: Path | None = None
    stdin: bytes = b""
    pass_fds: tuple[int, ...] = ()
    account: Account | None = None
    before_start: Callable[[], None] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 10.0
    # Lower waves stop first: nobody loses an engine under its feet.
    stop_wave: int = 0
    # Sent by the kernel when the owner dies without a word; what Python holds may always be lost.
    orphan_signal: signal.Signals = signal.SIGKILL


def spawn(child: Child) -> subprocess.Popen[bytes]:
    """Start it in its own session, so that a Ctrl-C reaches the owner only.

    Call from the main thread: the kernel ties a child's death signal to the thread that made it.
    """
    if child.before_start:
        child.before_start()
    logs.trim(child.log)
    with logs.appending(child.log) as log, logs.appending(child.output or child.log) as output:
        process = subprocess.Popen(  # noqa: S603 - Our own table of children, no shell.
            _tethered(child),
            stdin=subprocess.PIPE if child.stdin else subprocess.DEVNULL,
            stdout=output,
            stderr=log,
            cwd=child.cwd,
            env=clock.worn() | dict(child.env),
            pass_fds=child.pass_fds,
            start_new_session=True,
            # Pictures, letters and logs are nobody else's business on a shared machine.
            umask=0o077,
        )
    _feed(process, child.stdin)
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """End it and whatever it started, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def stop(process: subprocess.Popen[bytes], by: signal.Signals, within_s: float) -> None:
    process.send_signal(by)
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        kill(process)


def end_strangers(them: Mapping[psutil.Process, signal.Signals], within_s: float) -> None:
    """End processes that are not our children; some may be going by themselves meanwhile."""
    for process, number in them.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    for process in psutil.wait_procs(them, timeout=within_s)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def how_it_ended(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return f"killed by {signal.Signals(-exit_code).name}"
    except ValueError:
        # Most of the real-time signals have a number only.
        return f"killed by signal {-exit_code}"


def wait_until(
    condition: Callable[[], bool], within_s: float, pause: Callable[[float], object] = time.sleep
) -> bool:
    """Ask until it holds; False when the time is over. `pause` may raise to end the wait."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause(0.02)
    return True


def _tethered(child: Child) -> list[str]:
    user = f"{child.account.uid}:{child.account.gid}" if child.account else "-"
    # Isolated and without site-packages, Python is there in a hundredth of a second.
    python = [sys.executable, "-I", "-S", str(TETHER)]
    return [*python, str(os.getpid()), str(int(child.orphan_signal)), user, "--", *child.argv]


def _feed(process: subprocess.Popen[bytes], text: bytes) -> None:
    if process.stdin is None:
        return
    # It may be gone already; its exit code says so to whoever waits for it.
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(text)
