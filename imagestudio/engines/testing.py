"""`manage.py test`: the suite on throw-away engines, never on a real server or a real key.

`manage.py test --today 2026-12-02` runs it on that day.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import psycopg

from imagestudio.engines import clock, processes
from imagestudio.engines.console import note
from imagestudio.engines.data import Secrets
from imagestudio.engines.errors import StudioError
from imagestudio.engines.home import Home, choose_home
from imagestudio.engines.postgres import Postgres
from imagestudio.engines.processes import Child
from imagestudio.engines.roles import APPLICATION, Login, separate
from imagestudio.engines.start import start_engine
from imagestudio.engines.valkey import Valkey

PREFIX = "imagestudio-test-"
# Names a program, not a server, so it is kept.
KEPT = ("STUDIO_PG_BIN",)
FORGOTTEN = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "CACHE_URL",
    "STORAGE_URL",
    "EMAIL_URL",
)
FORGOTTEN_PREFIXES = ("AWS_", "AZURE_", "CELERY_", "DJANGO_", "OPENAI_", "PG", "STUDIO_")
PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")


def main(pytest_arguments: Sequence[str]) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    forget_real_servers(os.environ)
    _remove_leftovers()
    try:
        day, pytest_arguments = clock.take_option(pytest_arguments)
        if day and not clock.is_moved_to(day):
            clock.start_over(day)
        with throwaway_engines() as environment:
            # Made by the owner, the tests' tables are used by the application's role (conftest).
            environment["STUDIO_TEST_OWNER_URL"] = environment.pop("DATABASE_OWNER_URL")
            os.environ.update(environment)
            import pytest

            return int(pytest.main(list(pytest_arguments)))
    except StudioError as error:
        note(str(error))
        return 1
    finally:
        clock.remove_shim()


def forget_real_servers(env: MutableMapping[str, str]) -> None:
    for name in list(env):
        is_real = (
            name.removesuffix("_FILE") in FORGOTTEN
            or name.startswith(FORGOTTEN_PREFIXES)
            or name.lower() in PROXIES
        )
        if is_real and name.removesuffix("_FILE") not in KEPT:
            del env[name]


@contextmanager
def throwaway_engines() -> Iterator[dict[str, str]]:
    """Both engines in a temporary folder; what a test process needs to know about them."""
    secrets = Secrets.fresh()
    with ExitStack() as cleanup:
        folder = cleanup.enter_context(_temporary_folder())
        home = choose_home(folder)
        cleanup.callback(_remove_outside, home, folder)

        def begin(child: Child) -> subprocess.Popen[bytes]:
            process = processes.spawn(child)
            cleanup.callback(processes.stop, process, child.stop_signal, child.stop_within_s)
            return process

        data = folder / "data"
        data.mkdir(mode=0o700)
        log = folder / "postgres.log"
        owner = start_engine(Postgres(home, secrets.postgres_password, log, throwaway=True), begin)
        application = Login(APPLICATION, secrets.postgres_app_password)
        with psycopg.connect(owner) as database:
            # Now, for the workers of a parallel run would get into each other's way.
            separate(database, application)
        yield {
            "DATABASE_OWNER_URL": owner,
            "DATABASE_URL": application.at(owner),
            "REDIS_URL": start_engine(
                Valkey(home, secrets.valkey_password, folder / "valkey.log", throwaway=True), begin
            ),
            "STUDIO_DATA": str(data),
            "STUDIO_SECRET_KEY": secrets.secret_key,
            "STUDIO_NO_BOOTSTRAP": "1",
            # What the root conftest looks for before it lets a bare `pytest` go on.
            "STUDIO_TEST_ENGINES": "1",
            "DJANGO_SETTINGS_MODULE": "imagestudio.settings",
        }


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    # The engines of root run as another user, who must get through.
    folder.chmod(0o711)
    with (folder / "lock.new").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Named when it is held: another run that clears away would take a free lock for a dead run.
        (folder / "lock.new").rename(folder / "lock")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_outside(home: Home, folder: Path) -> None:
    if home.folder != folder:
        shutil.rmtree(home.folder, ignore_errors=True)


def _remove_leftovers() -> None:
    """Folders of test runs that were killed: their locks are free."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/lock"):
        if lock.parent.stat().st_uid == os.geteuid() and _is_free(lock):
            home = choose_home(lock.parent)
            _remove_outside(home, lock.parent)
            shutil.rmtree(lock.parent, ignore_errors=True)


def _is_free(lock: Path) -> bool:
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _leave(number: int, _frame: FrameType | None) -> None:
    """End like Ctrl-C does, through every `finally`, since the engines must be cleared away."""
    sys.exit(128 + number)
