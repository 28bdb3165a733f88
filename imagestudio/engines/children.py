"""Process table: the programs of the studio itself."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from imagestudio.engines.client import PLACEHOLDERS
from imagestudio.engines.data import PROJECT
from imagestudio.engines.environment import given, web_processes
from imagestudio.engines.processes import Child

WORKER = "worker"
PREPARE = "prepare"
# Only the worker calls out, and only the first step changes tables and makes an admin: nobody else
# holds these, nor the files that they may be in.
HOLDERS = {
    "OPENAI_API_KEY": WORKER,
    "STUDIO_PROVIDER_KEYS": WORKER,
    "DATABASE_OWNER_URL": PREPARE,
    "STUDIO_ADMIN_PASSWORD": PREPARE,
}
# All that a program needs which has nothing to do with the studio's data.
WHERE = ("DJANGO_SETTINGS_MODULE", "STUDIO_DATA", "STUDIO_STATIC", "STUDIO_NO_BOOTSTRAP")
PLAIN = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_", "PYTHON")


@dataclass(frozen=True, slots=True)
class Programs:
    """What the children have in common."""

    env: Mapping[str, str]
    data: Path
    logs: Path

    @property
    def first_words(self) -> Path:
        return self.logs / "first-words"

    def prepare(self) -> Child:
        """Migrations and the first admin, whose password goes to the person and to no log."""
        child = self._child(PREPARE, (sys.executable, "manage.py", PREPARE))
        return replace(child, output=self.first_words)

    def collect_static(self) -> Child:
        """It asks no engine and signs nothing, so it gets no way to them and no key."""
        command = (sys.executable, "manage.py", "collectstatic", "--noinput")
        return replace(
            self._child("collectstatic", command), env=self._plain(*WHERE) | PLACEHOLDERS
        )

    def sandbox(self, port: int) -> Child:
        latency_s = given(self.env, "STUDIO_SANDBOX_LATENCY_S")
        child = self._child(
            "sandbox",
            (
                *_module("imagestudio.sandbox"),
                *("--port", str(port)),
                *("--ledger", str(self.data / "sandbox-ledger.jsonl")),
                *(("--latency-s", latency_s) if latency_s else ()),
            ),
            stop_wave=2,
        )
        return replace(child, env=self._plain())

    def worker(self) -> Child:
        threads = given(self.env, "STUDIO_WORKER_THREADS") or "200"
        return self._child(
            WORKER,
            (
                *_module("celery"),
                *("-A", "imagestudio.celery", "worker", "-P", "threads", "-c", threads),
                # Nothing listens to events; whoever reaches the broker could.
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
                *("--loglevel", "INFO"),
            ),
        )

    def sweeper(self) -> Child:
        return self._child("sweeper", (sys.executable, "manage.py", "sweep"), stop_wave=1)

    def webs(self, descriptor: int) -> Iterator[Child]:
        """All web processes, which take their visitors from one socket."""
        for number in range(1, web_processes(self.env) + 1):
            yield self.web(number, descriptor)

    def web(self, number: int, descriptor: int) -> Child:
        return self._child(
            f"web-{number}",
            (
                *_module("uvicorn"),
                "imagestudio.asgi:application",
                *("--http", "imagestudio.web.protocol:StudioProtocol"),
                # Else WEB_CONCURRENCY of the person's environment would start some in each.
                *("--workers", "1"),
                *("--fd", str(descriptor), "--no-access-log", "--no-server-header"),
                *("--timeout-graceful-shutdown", "5"),
                # Else anybody on loopback could choose an address; we count proxies ourselves.
                "--no-proxy-headers",
            ),
            stop_wave=1,
            pass_fds=(descriptor,),
        )

    def _child(
        self,
        name: str,
        argv: tuple[str, ...],
        *,
        stop_wave: int = 0,
        pass_fds: tuple[int, ...] = (),
    ) -> Child:
        env = {
            key: value
            for key, value in self.env.items()
            if HOLDERS.get(key.removesuffix("_FILE"), name) == name
        }
        return Child(
            name=name,
            argv=argv,
            cwd=PROJECT,
            env=env,
            log=self.logs / f"{name}.log",
            stop_wave=stop_wave,
            pass_fds=pass_fds,
        )

    def _plain(self, *more: str) -> dict[str, str]:
        return {key: value for key, value in self.env.items() if key.startswith((*PLAIN, *more))}


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)
