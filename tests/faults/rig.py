"""A whole studio of real processes, each wire of which can be cut.

Web, two workers, sweeper, PostgreSQL and Valkey, with a proxy before the database, the broker and
the upstream. Leases are short, so that recovery takes seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import redis
import requests

from imagestudio.engines import clock, processes
from imagestudio.engines.data import Secrets
from imagestudio.engines.home import choose_home
from imagestudio.engines.postgres import Postgres
from imagestudio.engines.processes import Child
from imagestudio.engines.roles import APPLICATION, Login
from imagestudio.engines.start import Engine, free_port
from imagestudio.engines.valkey import Valkey
from tests.faults import places
from tests.faults.ledger import Ledger
from tests.faults.proxy import Proxy
from tests.faults.troupe import WITHIN_S, Troupe
from tests.faults.witness import Witness
from tests.folders import reachable_folder
from tests.static_files import shared_static_files
from tests.studio import EMAIL, PASSWORD, ROOT, fields_of
from tests.upstream import Behaviour

CANARY_KEY = "sk-canary-never-in-a-log"
LEASE_S = 3.0
CALL_DEADLINE_S = 8.0
ACCOUNT_PROBE_S = 2.0
PLACES = 12  # Calls at once, by both workers together: few enough to be missed when one is lost.
SHORT = {
    "STUDIO_LEASE_S": str(LEASE_S),
    "STUDIO_CALL_DEADLINE_S": str(CALL_DEADLINE_S),
    "STUDIO_REDISPATCH_S": "1.5",
    "STUDIO_SWEEP_INTERVAL_S": "0.25",
    "STUDIO_RETRY_BASE_S": "0.3",
    "STUDIO_CANARY_S": "2",
    "STUDIO_BREAKER_AFTER": "12",
    "STUDIO_BREAKER_BASE_S": "1",
    "STUDIO_ACCOUNT_PROBE_S": str(ACCOUNT_PROBE_S),
}
PROGRAMS = ("web", "worker-1", "worker-2", "sweeper")
FINAL = ("succeeded", "failed", "cancelled")
SETTLED = (*FINAL, "held")


@dataclass(frozen=True, slots=True)
class Sent:
    """A job that was accepted over HTTP."""

    id: str
    token: str


class Rig(Troupe):
    canary_key = CANARY_KEY

    def __init__(self, folder: Path, **environment: str) -> None:
        super().__init__(folder)
        self.data = folder / "data"
        self.upstream = Ledger()
        self.sent: list[Sent] = []
        self.statuses: list[int] = []
        self.may_go_again: set[str] = set()
        self._more = environment
        self._in_other_circumstances: dict[str, Child] = {}
        self._secrets = Secrets.fresh()
        self._static = shared_static_files()
        self._cleanup = ExitStack()
        self._connection: psycopg.Connection[Any] | None = None
        self.postgres: Engine
        self.valkey: Engine

    # Life

    def start(self) -> None:
        for path in (self.data, self.orders, self.folder / "logs"):
            path.mkdir(mode=0o711)
        self._cleanup.enter_context(self.upstream)
        self._start_engines()
        self.database_proxy = self._proxy(self.database_port)
        self.broker_proxy = self._proxy(self.broker_port)
        self.upstream_proxy = self._proxy(self.upstream.port)
        self.web_port = free_port()
        self._prepare()
        self._children |= {child.name: child for child in self._programs()}
        self.start_programs(*PROGRAMS)
        self.wait_for(self.is_ready, WITHIN_S)
        self.visitor = Witness(self.base_url, self.statuses)
        self.visitor.sign_in()
        self._composer = self.visitor.get("/")

    def stop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        for name in list(self._running):
            processes.kill(self._running.pop(name))
        self._cleanup.close()

    def forget(self) -> None:
        """What came before this row is no business of its checker."""
        self.sent.clear()
        self.statuses.clear()
        places.forget(self)
        self._said_before = {log: log.stat().st_size for log in self._logs("*")}

    def mend(self) -> None:
        """Undo whatever a row broke, so that the next begins with a whole studio."""
        self.forget_orders()
        self.tend()
        self.upstream.release()
        for proxy in (self.database_proxy, self.broker_proxy, self.upstream_proxy):
            proxy.heal()
        for name in self._running:
            with suppress(ProcessLookupError):
                self.resume(name)
        missing = {*PROGRAMS, self.postgres.name, self.valkey.name} - set(self._running)
        self.start_programs(*sorted(missing))
        for name in set(self._running) - set(PROGRAMS) - {self.postgres.name, self.valkey.name}:
            self.take_away(name)
        self.wait_for(self.is_ready)
        # The provider's troubles of one row are none of the next.
        self.write("DELETE FROM jobs_providertrouble")
        self.upstream.hold_again()

    # Jobs

    def submit(self, *plan: Behaviour, **fields: str) -> Sent:
        """Fill in the form and send it; the upstream answers this job's calls by the plan."""
        token = uuid4().hex[:12]
        self.upstream.plan(token, *plan)
        response = self.post(token, **fields)
        assert response.status_code == 200, (response.status_code, response.text[:1000])
        return self.find(token)

    def post(self, token: str, **fields: str) -> requests.Response:
        """The composer's form for a job with this token in its prompt."""
        form = fields_of(self._composer.text, "/jobs/")
        tail = fields.pop("prompt_tail", "")
        form |= {"prompt": f"a red fox-{token}{tail}", "key": str(uuid4())} | fields
        return self.visitor.post("/jobs/", self._composer, **form)

    def post_meanwhile(self, token: str, **fields: str) -> Thread:
        """`post` for a server that is going to be killed under it."""

        def post() -> None:
            with suppress(requests.RequestException):
                self.post(token, **fields)

        thread = Thread(target=post)
        thread.start()
        return thread

    def let_go_again(self, sent: Sent) -> None:
        """Give it the policy by which nobody need decide about a second call."""
        self.write("UPDATE jobs_job SET policy = 'retry' WHERE id = %s", sent.id)
        self.may_go_again.add(sent.id)

    def upload(self, picture: bytes) -> str:
        """Bring a picture for edits to take along; gives its id."""
        return self.visitor.upload(picture, self._composer)

    def find(self, token: str) -> Sent:
        [(job_id,)] = self.rows("SELECT id FROM jobs_job WHERE prompt LIKE %s", f"%fox-{token}%")
        sent = Sent(str(job_id), token)
        self.sent.append(sent)
        return sent

    def job(self, sent: Sent) -> dict[str, Any]:
        [(row,)] = self.rows("SELECT to_jsonb(j) FROM jobs_job j WHERE id = %s", sent.id)
        return dict(row)

    def events(self, sent: Sent) -> list[str]:
        """The states that it went through."""
        rows = self.rows("SELECT target FROM jobs_event WHERE job_id = %s ORDER BY id", sent.id)
        return [target for (target,) in rows]

    def calls(self, sent: Sent) -> int:
        return len(self.upstream.calls_of(sent.token))

    def submit_and_wait_for_call(self, *plan: Behaviour, **fields: str) -> Sent:
        sent = self.submit(*plan, **fields)
        self.wait_for(lambda: self.calls(sent))
        return sent

    def state(self, sent: Sent) -> str:
        return str(self.job(sent)["state"])

    def wait_until(self, sent: Sent, *states: str, within_s: float = WITHIN_S) -> dict[str, Any]:
        """The job, as soon as it is in one of the states."""
        states = states or SETTLED

        def is_there() -> dict[str, Any] | None:
            job = self.job(sent)
            return job if job["state"] in states else None

        return self.wait_for(is_there, within_s, lambda: self.job(sent))

    def wait_for_all(self, sent: Sequence[Sent], within_s: float = WITHIN_S) -> None:
        until = time.monotonic() + within_s
        for each in sent:
            self.wait_until(each, within_s=max(1.0, until - time.monotonic()))

    # What there is to see

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def blobs(self) -> Path:
        return self.data / "blobs"

    @property
    def spool(self) -> Path:
        return self.data / "spool"

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Past the proxy: what the database itself says."""
        for _ in range(2):
            with suppress(psycopg.OperationalError):
                return self._reader().execute(statement, values).fetchall()
        return self._reader().execute(statement, values).fetchall()

    def write(self, statement: str, *values: object) -> None:
        with self.database() as database:
            database.execute(statement, values)

    def database(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.postgres.url(self.database_port), autocommit=True)

    def broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.valkey.url(self.broker_port))

    def ring(self, message: object, task: str = "jobs.run_job") -> None:
        """Publish any message, as anybody might who reaches the broker."""
        from celery import Celery

        # The studio's own app stays this process's current one: other tests ring through it.
        with Celery(broker=self.valkey.url(self.broker_port), set_as_current=False) as app:
            app.send_task(
                task, message if isinstance(message, tuple) else (message,), queue="images"
            )

    def readiness(self) -> dict[str, Any]:
        response = requests.get(f"{self.base_url}/readyz", timeout=20)
        parts: dict[str, Any] = response.json()["parts"]
        return parts

    def is_ready(self) -> bool:
        try:
            return all(part["ok"] for part in self.readiness().values())
        except (requests.RequestException, ValueError, KeyError):
            return False

    # Engines

    def _application(self) -> Login:
        return Login(APPLICATION, self._secrets.postgres_app_password)

    def _start_engines(self) -> None:
        home = choose_home(self.data)
        logs = self.folder / "logs"
        self.postgres = Postgres(home, self._secrets.postgres_password, logs / "postgres.txt")
        self.valkey = Valkey(
            home, self._secrets.valkey_password, logs / "valkey.txt", throwaway=True
        )
        self.database_port, self.broker_port = free_port(), free_port()
        for engine in (self.postgres, self.valkey):
            engine.prepare()
            self.start_engine(engine)

    def start_engine(self, engine: Engine) -> None:
        port = self.database_port if engine is self.postgres else self.broker_port
        self._children[engine.name] = engine.child(port)
        self.start_programs(engine.name)
        self.wait_for(lambda: engine.answers(port), WITHIN_S)

    def _reader(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = self.database()
        return self._connection

    def _proxy(self, port: int) -> Proxy:
        return self._cleanup.enter_context(Proxy(port))

    # Programs

    def manage(self, *words: str, may_fail: bool = False, **environment: str) -> str:
        """What any `manage.py` command says, with the environment of the others."""
        command = [sys.executable, "manage.py", *words]
        env = self._environment() | environment
        done = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True)
        assert may_fail or done.returncode == 0, done.stderr.decode()[-2000:]
        return done.stdout.decode()

    def restart_with(self, name: str, **environment: str) -> None:
        """The same program in other circumstances."""
        child = self._children[name]
        self.take_away(name, child.stop_signal)
        self._children[name] = replace(child, env={**child.env, **environment})
        self._in_other_circumstances[name] = child
        self.start_programs(name)

    def wear_own_environment(self) -> None:
        for name, child in self._in_other_circumstances.items():
            if name in self._running:
                self.take_away(name, child.stop_signal)
            self._children[name] = child
            self.start_programs(name)
        self._in_other_circumstances.clear()

    def _prepare(self) -> None:
        collect = () if self._static else (("collectstatic", "--noinput"),)
        commands = (("prepare",), *collect)
        owner = {"DATABASE_OWNER_URL": self.postgres.url(self.database_port)}
        programs = [
            self._program(words[0], sys.executable, "manage.py", *words) for words in commands
        ]
        steps = [processes.spawn(replace(each, env={**each.env, **owner})) for each in programs]
        for step in steps:
            assert step.wait(120) == 0, self.words()

    def _programs(self) -> Iterator[Child]:
        web = ("uvicorn", "imagestudio.asgi:application", "--port", str(self.web_port))
        http = ("--http", "imagestudio.web.protocol:StudioProtocol", "--no-access-log")
        yield self._program("web", sys.executable, "-m", *web, *http)
        for number in (1, 2):
            worker = ("celery", "-A", "imagestudio.celery", "worker", "-P", "threads", "-c", "40")
            quiet = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
            name = f"worker-{number}"
            yield self._program(name, sys.executable, "-m", *worker, *quiet, "-n", name)
        for name in ("sweeper", "sweeper-2"):
            yield self._program(name, sys.executable, "manage.py", "sweep")

    def _program(self, name: str, *argv: str) -> Child:
        log = self.folder / "logs" / f"{name}.log"
        return Child(name=name, argv=argv, cwd=ROOT, env=self._environment(), log=log)

    def _service(self) -> dict[str, object]:
        """The upstream speaks for itself, through a wire that adds no words of its own."""
        at_proxy = f"127.0.0.1:{self.upstream_proxy.port}"
        url = urlsplit(self.upstream.base_url)._replace(netloc=at_proxy).geturl()
        return {"name": "openai", "base_url": url, "is_direct": True, "max_concurrency": PLACES}

    def _environment(self) -> dict[str, str]:
        kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
        return (
            {name: os.environ[name] for name in kept if name in os.environ}
            | clock.worn()
            | SHORT
            | {
                "DATABASE_URL": self._application().at(self.postgres.url(self.database_proxy.port)),
                "REDIS_URL": self.valkey.url(self.broker_proxy.port),
                "STUDIO_PROVIDERS": json.dumps([self._service()]),
                "OPENAI_API_KEY": CANARY_KEY,
                "STUDIO_DATA": str(self.data),
                "STUDIO_SECRET_KEY": self._secrets.secret_key,
                "STUDIO_ADMIN_EMAIL": EMAIL,
                "STUDIO_ADMIN_PASSWORD": PASSWORD,
                "STUDIO_NO_BOOTSTRAP": "1",
                "STUDIO_FAILPOINTS": str(self.orders),
                "DJANGO_SETTINGS_MODULE": "imagestudio.settings",
                "PYTHONUNBUFFERED": "1",
            }
            | ({"STUDIO_STATIC": str(self._static)} if self._static else {})
            | self._more
        )


@contextmanager
def running_rig(**environment: str) -> Iterator[Rig]:
    with reachable_folder() as folder:
        rig = Rig(folder, **environment)
        try:
            rig.start()
            yield rig
        finally:
            rig.stop()
