"""Launcher: `manage.py studio` owns all processes, and has a supervisor keep them alive."""

import errno
import http.client
import os
import resource
import socket
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import psycopg

from imagestudio.engines.children import HOLDERS, PREPARE, WORKER, Programs
from imagestudio.engines.console import note, say
from imagestudio.engines.data import DataFolder, Secrets, StateFile
from imagestudio.engines.environment import (
    environment_of_children,
    forget,
    given,
    is_set,
    shared_with_commands,
)
from imagestudio.engines.errors import StudioError
from imagestudio.engines.home import choose_home
from imagestudio.engines.options import Options, listen, local_address, read_options
from imagestudio.engines.postgres import Postgres
from imagestudio.engines.roles import APPLICATION, Login
from imagestudio.engines.signals import SignalBox, StopAsked
from imagestudio.engines.start import Engine, free_port, start_engine
from imagestudio.engines.statics import StaticFiles
from imagestudio.engines.supervisor import Supervisor, stop_orphans
from imagestudio.engines.valkey import Valkey

READY_WITHIN_S = 90.0
TRIM_LOGS_EVERY_S = 60.0
# How long the worker may still need after its longest call: storing, thumbnails.
AFTER_A_CALL_S = 60.0


def main(arguments: Sequence[str]) -> int:
    try:
        launch(read_options(arguments, os.environ))
    except StudioError as error:
        note(str(error))
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        note(f"The studio can't write its data ({error.strerror}): make room and start again.")
        return 1
    return 0


def launch(options: Options) -> None:
    # Whatever is made here or below is nobody else's business, at no instant.
    os.umask(0o077)
    folder = DataFolder(options.data)
    folder.prepare()
    _allow_many_files()
    with folder.owned(), closing(listen(options)) as listener, SignalBox() as signals:
        folder.state_file.unlink(missing_ok=True)
        stop_orphans(folder.pids_file)
        studio = StudioLauncher(options, folder, listener, signals)
        try:
            studio.start()
            studio.serve()
            studio.let_pictures_finish()
        except StopAsked:
            say("Stopped before it was ready.")
        finally:
            studio.supervisor.stop_all()
            folder.state_file.unlink(missing_ok=True)


class StudioLauncher:
    def __init__(
        self, options: Options, folder: DataFolder, listener: socket.socket, signals: SignalBox
    ) -> None:
        self.supervisor = Supervisor(signals, folder.pids_file)
        self._folder = folder
        self._listener = listener
        self._signals = signals
        self._port: int = listener.getsockname()[1]
        self._local = local_address(options, self._port)
        self._address = given(os.environ, "STUDIO_ORIGIN").rstrip("/") or self._local
        self._env: dict[str, str] = {}

    def start(self) -> None:
        note(f"Starting Image Studio in {self._folder.path} ...")
        secrets = self._folder.secrets()
        engines = self._start_engines(secrets)
        sandbox_port = free_port() if self._wants_sandbox() else None
        if sandbox_port:
            engines["STUDIO_SANDBOX_URL"] = f"http://127.0.0.1:{sandbox_port}/v1"
        engines["STUDIO_ADDRESS"] = self._local
        self._env = environment_of_children(
            os.environ, self._folder.path, secrets.secret_key, engines
        )
        self._folder.tell(StateFile(os.getpid(), self._address, shared_with_commands(self._env)))
        self._start_children(sandbox_port)
        self._wait_until_ready()
        behind = f" (listening on {self._local})" if self._address != self._local else ""
        say(f"Image Studio is ready: {self._address}{behind}")

    def serve(self) -> None:
        """Keep all alive until somebody asks to stop."""
        while not self._signals.stops:
            self.supervisor.watch(
                lambda: self._signals.stops > 0, TRIM_LOGS_EVERY_S, every_s=TRIM_LOGS_EVERY_S
            )
            self.supervisor.trim_logs()

    def let_pictures_finish(self) -> None:
        """The first request to stop: no new jobs. A second one cuts the calls that still run."""
        asked = self._signals.stops
        say(_words_of_farewell(_pictures_in_flight(given(self._env, "DATABASE_URL"))))
        self.supervisor.retire(WORKER)
        self.supervisor.watch(
            lambda: not self.supervisor.is_alive(WORKER) or self._signals.stops > asked,
            float(given(self._env, "STUDIO_CALL_DEADLINE_S") or 600) + AFTER_A_CALL_S,
            every_s=1.0,
        )
        if self.supervisor.is_alive(WORKER):
            say("Cut. Pictures that were in flight are held: they may have been billed.")
            self.supervisor.cut(WORKER)

    def _start_engines(self, secrets: Secrets) -> dict[str, str]:
        """Start those that the environment doesn't replace; their URLs by variable."""
        urls: dict[str, str] = {}
        logs = self._folder.logs
        _refuse_silent_database(os.environ)
        if not is_set(os.environ, "DATABASE_URL"):
            home = choose_home(self._folder.path)
            owner = self._start(Postgres(home, secrets.postgres_password, logs / "postgres.log"))
            urls["DATABASE_OWNER_URL"] = owner
            urls["DATABASE_URL"] = Login(APPLICATION, secrets.postgres_app_password).at(owner)
        if not is_set(os.environ, "REDIS_URL"):
            home = choose_home(self._folder.path)
            valkey = Valkey(home, secrets.valkey_password, logs / "valkey.log")
            urls["REDIS_URL"] = self._start(valkey)
        return urls

    def _start(self, engine: Engine) -> str:
        return start_engine(engine, self.supervisor.start, self._signals.sleep_or_stop)

    def _wants_sandbox(self) -> bool:
        real = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "STUDIO_PROVIDERS", "STUDIO_SANDBOX_URL")
        return not any(is_set(os.environ, name) for name in real)

    def _start_children(self, sandbox_port: int | None) -> None:
        programs = Programs(self._env, self._folder.path, self._folder.logs)
        self._prepare(programs)
        if sandbox_port:
            self.supervisor.start(programs.sandbox(sandbox_port))
        for web in programs.webs(self._listener.fileno()):
            self.supervisor.start(web)
        self.supervisor.start(programs.sweeper())
        self.supervisor.start(programs.worker())

    def _prepare(self, programs: Programs) -> None:
        """Bring the database up to date and, beside it, make static files that are not there."""
        chosen = given(self._env, "STUDIO_STATIC")
        statics = StaticFiles(Path(chosen) if chosen else self._folder.path / "static")
        made_from = statics.fingerprint()
        if statics.are_made_from(made_from):
            self.supervisor.run(programs.prepare())
        else:
            self.supervisor.run(programs.prepare(), programs.collect_static())
            statics.mark(made_from)
        _pass_on(programs.first_words)
        self._forget_what_was_used()

    def _forget_what_was_used(self) -> None:
        """Neither this process nor a child that starts from now on needs these any more."""
        for name, holder in HOLDERS.items():
            if holder == PREPARE:
                forget(name)
                self._env.pop(name, None)

    def _wait_until_ready(self) -> None:
        def settled() -> bool:
            return self._signals.stops > 0 or self._readiness()[0] == 200

        is_settled = self.supervisor.watch(settled, READY_WITHIN_S)
        if self._signals.stops:
            raise StopAsked
        if not is_settled:
            raise StudioError(
                f"The studio was not ready within {READY_WITHIN_S:.0f} s. /readyz says: "
                f"{self._readiness()[1]} The logs are in {self._folder.logs}."
            )

    def _readiness(self) -> tuple[int, str]:
        """Ask through the real socket, as a visitor would."""
        host = self._listener.getsockname()[0]
        here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - No binding.
        connection = http.client.HTTPConnection(here, self._port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": f"127.0.0.1:{self._port}"})
            answer = connection.getresponse()
            return answer.status, answer.read(1000).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return 0, f"no answer ({error})."
        finally:
            connection.close()


def _refuse_silent_database(env: Mapping[str, str]) -> None:
    """Say at once that a database which the person named doesn't answer."""
    # The application's role may be there only once its owner has made it.
    name = "DATABASE_OWNER_URL" if is_set(env, "DATABASE_OWNER_URL") else "DATABASE_URL"
    try:
        if url := given(env, name):
            psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        raise StudioError(f"The database at {name} does not let the studio in: {error}") from None


def _allow_many_files() -> None:
    """Hundreds of calls in flight are hundreds of sockets, and many systems allow 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _pass_on(words: Path) -> None:
    """Show what was written for the person, then forget it: it may hold the first password."""
    text = words.read_text().strip()
    if text:
        say(text)
    words.unlink()


def _pictures_in_flight(database_url: str) -> int | None:
    try:
        with psycopg.connect(database_url, connect_timeout=2) as database:
            row = database.execute(
                "SELECT count(*) FROM jobs_job WHERE state = 'running'"
            ).fetchone()
    except psycopg.Error:
        return None
    return int(row[0]) if row else None


def _words_of_farewell(in_flight: int | None) -> str:
    if in_flight == 0:
        return "Stopping."
    if in_flight is None:
        return "Stopping, after the pictures in flight. Ctrl-C again cuts them."
    pictures = "1 job" if in_flight == 1 else f"{in_flight} jobs"
    return f"Stopping. Waiting for {pictures} in flight; Ctrl-C again cuts them."
