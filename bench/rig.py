"""A studio for measuring: real engines, worker and upstream, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import requests

from imagestudio.engines import processes, testing
from imagestudio.engines.children import Programs
from imagestudio.engines.processes import Child, wait_until

if TYPE_CHECKING:
    from uuid import UUID

    from imagestudio.accounts.models import Team, User
    from jobs.models import Job

ROOT = Path(__file__).resolve().parents[1]
MODEL = "gpt-image-2.6-flare"
SIZES = {"small": "1024x1024", "large": "3840x2160"}
NAMES = {"small": "1.5 MB", "large": "15 MB"}
WARM_UP = 5


class Upstream:
    """The handle of `bench.upstream`."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"
        self.url = f"{self._root}/v1"

    def set(self, latency_s: float = 0.0, together: int = 0, picture: str = "small") -> None:
        query = f"latency_s={latency_s}&together={together}&picture={picture}"
        requests.get(f"{self._root}/set?{query}", timeout=10).raise_for_status()

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self._root}/seen", timeout=10).json()
        return found


class Worker:
    """The studio's own worker, as its launcher starts it."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self.log = log
        self.pid = process.pid

    def cpu_s(self) -> float:
        """What it has used so far, with its helpers and those of them that ended."""
        return sum(map(_cpu_s, _family(self.pid)))

    def own_cpu_s(self) -> float:
        """The same without its helpers, which decode pictures."""
        return sum(psutil.Process(self.pid).cpu_times()[:2])

    def pss_mb(self) -> float:
        """Its share of the memory, with its helpers'."""
        return pss_mb(self.pid)

    def stop(self, within_s: float = 60.0) -> float:
        """The seconds that it took to finish what it had begun, and end."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(within_s)
        return time.monotonic() - began

    def kill(self) -> None:
        """Without waiting for its small copies; what it measured is known."""
        for each in _family(self.pid):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self._process.wait()


class Rig:
    """What a measurement has in its hands. Its own process is the web's stand-in: it submits."""

    def __init__(self, env: dict[str, str], upstream: Upstream, cleanup: ExitStack) -> None:
        self.upstream = upstream
        self.folder = Path(env["STUDIO_DATA"])
        self._env = env
        self._cleanup = cleanup
        self._team: Team
        self._owners: list[User] = []

    def worker(self, threads: int = 200) -> Worker:
        troupe = Programs(
            self._env | {"STUDIO_WORKER_THREADS": str(threads)}, self.folder, self.folder
        )
        child = troupe.worker()
        worker = Worker(self._begin(child), child.log)
        wait_until(lambda: " ready." in child.log.read_text(errors="replace"), 60)
        self.upstream.set()
        for _ in range(WARM_UP):
            self.wait_for(self.submit(1))
        return worker

    def web(self) -> tuple[subprocess.Popen[bytes], str]:
        """One web process on a port of its own."""
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        self._cleanup.callback(listener.close)
        troupe = Programs(self._env, self.folder, self.folder)
        process = self._begin(troupe.web(1, listener.fileno()))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        wait_until(lambda: requests.get(f"{address}/healthz", timeout=30).ok, 60)
        return process, address

    def sweeper(self) -> None:
        self._begin(Programs(self._env, self.folder, self.folder).sweeper())

    def submit(self, count: int, picture: str = "small", owner: int = 0) -> list[UUID]:
        """Accept so many jobs, through the door that the pages use."""
        from imagestudio.images_api.types import ImageRequest
        from jobs.services.submit import submit

        request = ImageRequest(model=MODEL, prompt="an otter", size=SIZES[picture])
        actor = self.owner(owner)
        return [submit(actor, self._team, request).pk for _ in range(count)]

    def owner(self, number: int) -> User:
        from imagestudio.accounts.models import Membership, Team, User

        if not self._owners:
            self._team = Team.objects.create(name="Bench")
        while len(self._owners) <= number:
            user = User.objects.create_user(f"member{len(self._owners)}@bench.example")
            Membership.objects.create(user=user, team=self._team)
            self._owners.append(user)
        return self._owners[number]

    def wait_for(self, ids: list[UUID], within_s: float = 600.0, every_s: float = 0.002) -> None:
        """Until all are final; raises when one did not succeed."""
        from jobs.models import Job
        from jobs.states import FINAL, State

        mine, deadline = Job.objects.filter(pk__in=ids), time.monotonic() + within_s
        while mine.exclude(state__in=FINAL).exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{mine.exclude(state__in=FINAL).count()} jobs are not done")
            time.sleep(every_s)
        bad: Job | None = mine.exclude(state=State.SUCCEEDED).first()
        if bad is not None:
            raise RuntimeError(f"a job ended as {bad.state}: {bad.told}")

    def _begin(self, child: Child) -> subprocess.Popen[bytes]:
        process = processes.spawn(child)
        self._cleanup.callback(_stop, process, child)
        return process


def pss_mb(pid: int) -> float:
    """The share of the memory of a process with all its children."""
    return sum(_pss_kb(each.pid) for each in _family(pid)) / 1000


def _family(pid: int) -> list[psutil.Process]:
    mother = psutil.Process(pid)
    return [mother, *mother.children(recursive=True)]


def _cpu_s(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:4])
    except psutil.NoSuchProcess:
        return 0.0  # A picture's decoder; its mother counts it when it has ended.


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # Each picture is decoded in a process of its own, which ends with it.
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@contextmanager
def rig(**settings: str) -> Iterator[Rig]:
    """Engines with an empty, migrated database; Django is set up in this process when it opens.

    `settings` go into the environment of all that is started.
    """
    testing.forget_real_servers(os.environ)
    with ExitStack() as cleanup:
        env = cleanup.enter_context(testing.throwaway_engines())
        upstream = _upstream(cleanup)
        ours = {
            "OPENAI_BASE_URL": upstream.url,
            "OPENAI_API_KEY": "sk-bench",
            "STUDIO_LOG_LEVEL": "WARNING",
        }
        os.environ.update(env | ours | settings)
        _set_up_django(cleanup)
        yield Rig({**os.environ}, upstream, cleanup)


def _set_up_django(cleanup: ExitStack) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections

    call_command("migrate", verbosity=0)
    cleanup.callback(connections["default"].close_pool)  # type: ignore[attr-defined]
    cleanup.callback(connection.close)


def _upstream(cleanup: ExitStack) -> Upstream:
    command = [sys.executable, "-m", "bench.upstream"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)  # noqa: S603 Our own.
    cleanup.callback(process.wait)
    cleanup.callback(process.terminate)
    assert process.stdout is not None
    cleanup.callback(process.stdout.close)
    return Upstream(int(json.loads(process.stdout.readline())))


def _stop(process: subprocess.Popen[bytes], child: Child) -> None:
    if process.poll() is None:
        processes.stop(process, child.stop_signal, child.stop_within_s)
