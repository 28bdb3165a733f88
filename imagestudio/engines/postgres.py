"""The embedded PostgreSQL: a cluster in the data folder, run from the programs of a wheel."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import psycopg

from imagestudio.engines import logs, processes
from imagestudio.engines.errors import StudioError, failure
from imagestudio.engines.home import Home, postgres_programs
from imagestudio.engines.identity import give
from imagestudio.engines.processes import Child

# The owner of the cluster and of the tables; the application has a role of its own.
USER = "studio"
DATABASE = "imagestudio"
# The first version whose builtin locale sorts alike on every system.
OLDEST_MAJOR = 17

# What members write is in the statements, and in the details of an error: neither goes into a log.
DISCREET = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

# A throw-away cluster need not survive a power cut.
CARELESS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
}


class Postgres:
    name = "postgres"

    def __init__(self, home: Home, password: str, log: Path, *, throwaway: bool = False) -> None:
        self.home = home
        self.folder = home.folder / "pg"
        self.log = log
        self._password = password
        self._throwaway = throwaway
        self._programs = postgres_programs(home.account)

    def prepare(self) -> None:
        """Make the cluster if there is none, and refuse one that these programs can't read."""
        ours = _major_of(self._programs)
        if ours < OLDEST_MAJOR:
            raise StudioError(
                f"STUDIO_PG_BIN is PostgreSQL {ours}; the studio needs {OLDEST_MAJOR} or newer."
            )
        if not self.folder.exists():
            self._make_cluster()
        self._refuse_other_major(ours)

    def child(self, port: int) -> Child:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            # A socket file has a path limit and doesn't survive a moved folder.
            "unix_socket_directories": "",
            "max_connections": "100",
            "log_timezone": "UTC",
            "cluster_name": DATABASE,
            **DISCREET,
        } | (CARELESS if self._throwaway else {})
        pairs = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # Fast shutdown; immediate where nothing is worth a checkpoint.
        stop = signal.SIGQUIT if self._throwaway else signal.SIGINT
        return self._child(
            self.name,
            (str(self._programs / "postgres"), "-D", str(self.folder), *pairs),
            before_start=self._clear_the_way,
            stop_signal=stop,
            orphan_signal=stop,
            stop_within_s=30.0,
            stop_wave=3,
        )

    def url(self, port: int) -> str:
        return f"postgres://{USER}:{self._password}@127.0.0.1:{port}/{DATABASE}"

    def answers(self, port: int) -> bool:
        """Whether a login and a query work."""
        try:
            with psycopg.connect(self.url(port), connect_timeout=2, sslmode="disable") as database:
                database.execute("SELECT 1")
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StudioError(
                    f"The database in {self.folder} has another password than secrets.json: "
                    "put back the file that belongs to it."
                ) from error
            return False
        return True

    def _make_cluster(self) -> None:
        """Build it aside and rename it when whole, so that a cut leaves no half of it in use."""
        aside = self.home.folder / "pg.tmp"
        shutil.rmtree(aside, ignore_errors=True)
        self.home.room(aside.name)
        password_file = self._password_file()
        try:
            self._finish(self._child("initdb", self._initdb_command(aside, password_file)))
            self._finish(self._create_database(aside))
        finally:
            password_file.unlink()
        aside.rename(self.folder)

    def _password_file(self) -> Path:
        path = self.home.folder / "pg.password.tmp"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._password)
        give(path, self.home.account)
        return path

    def _initdb_command(self, folder: Path, password_file: Path) -> tuple[str, ...]:
        command = (
            str(self._programs / "initdb"),
            f"--pgdata={folder}",
            f"--pwfile={password_file}",
            f"--username={USER}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        )
        return (*command, "--no-sync") if self._throwaway else command

    def _create_database(self, folder: Path) -> Child:
        program = str(self._programs / "postgres")
        return self._child(
            "createdb",
            (program, "--single", "-j", "-D", str(folder), "postgres"),
            stdin=f"CREATE DATABASE {DATABASE};\n".encode(),
        )

    def _child(self, name: str, argv: tuple[str, ...], **more: object) -> Child:
        # A narrow environment: no PG* variable of the person, no secret, one language in the logs.
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        return Child(
            name=name,
            argv=argv,
            cwd=self.home.folder,
            env=environment,
            log=self.log,
            account=self.home.account,
            **more,  # type: ignore[arg-type]
        )

    def _finish(self, child: Child) -> None:
        before = logs.size(self.log)
        if processes.spawn(child).wait() != 0:
            said = logs.since(self.log, before)
            raise failure(f"{child.name} can't do its work.", said, self.log)

    def _refuse_other_major(self, ours: int) -> None:
        try:
            theirs = (self.folder / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise StudioError(
                f"{self.folder} holds no whole database: put it back from a backup, "
                "or move it away to begin with an empty one."
            ) from None
        if theirs != str(ours):
            raise StudioError(
                f"The database in {self.folder} was made by PostgreSQL {theirs}, and this studio "
                f"brings {ours}: set STUDIO_PG_BIN to the programs of PostgreSQL {theirs}, or "
                "dump it with those, move the folder away and load the dump into a new one."
            )

    def _clear_the_way(self) -> None:
        """Remove what a killed cluster left, since PostgreSQL would believe a stale pid for ever.

        In a container whose first process reaps nothing, the killed one stays as a zombie that
        still has its pid. The data folder is ours alone (its lock is held), so whatever runs in
        it has lost its owner.
        """
        pid_file = self.folder / "postmaster.pid"
        if not pid_file.exists():
            return
        # After a power cut it may be empty, or zeros.
        first, *_ = *pid_file.read_text(errors="replace").split(), ""
        named = int(first) if first.isdecimal() else 0
        # For the postmaster, fast shutdown; for a backend without one, its end.
        left = {
            process: signal.SIGINT if process.pid == named else signal.SIGTERM
            for process in _processes_in(self.folder)
        }
        processes.end_strangers(left, within_s=10)
        pid_file.unlink(missing_ok=True)


def _processes_in(folder: Path) -> list[psutil.Process]:
    """The live PostgreSQL processes of this cluster; a zombie has no folder any more."""
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["cwd"] == str(folder) and "postgres" in (process.info["name"] or "")
    ]


def _major_of(programs: Path) -> int:
    asked = subprocess.run(  # noqa: S603 - The program that we are about to run anyway.
        [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"\d+", asked.stdout)
    if not found:
        said = (asked.stdout + asked.stderr).strip()
        raise StudioError(f"The PostgreSQL in {programs} can't run here: {said}")
    return int(found.group())
