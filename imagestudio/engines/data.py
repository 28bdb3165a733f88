"""The data folder: its one owner, its secrets, and what it tells other commands."""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from imagestudio.engines.environment import given
from imagestudio.engines.errors import StudioError

PROJECT = Path(__file__).resolve().parents[2]
NEEDED_BYTES = 256 * 1024 * 1024


def default_data() -> Path:
    return folder_named(given(os.environ, "STUDIO_DATA") or str(PROJECT / "var" / "studio"))


def folder_named(text: str) -> Path:
    try:
        return Path(text).expanduser().resolve()
    except RuntimeError as error:
        # A home of nobody's, or links that lead in a circle.
        raise StudioError(f"The folder {text} can't be found: {error}") from None


@dataclass(frozen=True, slots=True)
class Secrets:
    secret_key: str
    postgres_password: str
    valkey_password: str
    postgres_app_password: str

    @classmethod
    def fresh(cls) -> "Secrets":
        return cls(secrets.token_urlsafe(48), *(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class StateFile:
    """What a running studio tells: who it is, where it answers, and how to reach its engines."""

    pid: int
    address: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DataFolder:
    path: Path

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def state_file(self) -> Path:
        return self.path / "state.json"

    @property
    def pids_file(self) -> Path:
        return self.path / "pids.json"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def prepare(self) -> None:
        """Make it, or say in a sentence why it can't be used."""
        # Root's engines run as another user, who may pass through but not look around.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        try:
            _make_folder(self.path, mode)
            if self._is_a_studios():
                self._shut_out_others(mode)
            _make_folder(self.logs, 0o700)
            self.lock.touch(mode=0o600)
        except FileExistsError:
            raise StudioError(
                f"{self.path} is not a folder: choose another one by --data."
            ) from None
        except PermissionError:
            raise StudioError(
                f"The folder {self.path} is not writable for this user: "
                "change its owner or choose another one by --data."
            ) from None
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            raise StudioError(
                f"The folder {self.path} has too long a name: choose another one by --data."
            ) from None
        _refuse_full_disk(self.path)

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Be the one owner. The kernel drops the lock on any death: there is no stale lock."""
        with self.lock.open("rb+") as file:
            for _ in range(10):
                if _try_lock(file.fileno(), fcntl.LOCK_EX):
                    break
                # A command that only looks holds the lock for an instant.
                time.sleep(0.02)
            else:
                raise StudioError(self._already_running())
            yield

    def running(self) -> StateFile | None:
        """The studio that runs on this folder, if any."""
        try:
            with self.lock.open("rb") as file:
                if _try_lock(file.fileno(), fcntl.LOCK_SH):
                    return None
            return StateFile(**json.loads(self.state_file.read_text()))
        except FileNotFoundError:
            return None
        except PermissionError:
            raise StudioError(
                f"The studio in {self.path} belongs to another user: run this as that user."
            ) from None

    def tell(self, state: StateFile) -> None:
        write_private(self.state_file, json.dumps(asdict(state), indent=1))

    def secrets(self) -> Secrets:
        """Made once, kept in a file that only the owner reads."""
        path = self.path / "secrets.json"
        if not path.exists():
            write_private(path, json.dumps(asdict(Secrets.fresh()), indent=1))
        try:
            known = json.loads(path.read_text())
            if "postgres_app_password" not in known:
                # Kept by a version that had one role in the database for everything.
                known["postgres_app_password"] = secrets.token_urlsafe(32)
                write_private(path, json.dumps(known, indent=1))
            return Secrets(**known)
        except (ValueError, TypeError):
            raise StudioError(f"{path} is damaged: put back the file from a backup.") from None

    def _is_a_studios(self) -> bool:
        """Whether the folder holds a studio or nothing: that of others keeps its rights."""
        return (self.path / "secrets.json").exists() or not any(self.path.iterdir())

    def _shut_out_others(self, mode: int) -> None:
        """Take from others what an older version, or whoever made the folder, left to them."""
        _tighten(self.path, mode)
        for path in (*self.path.glob("*"), *self.logs.glob("*")):
            _tighten(path, 0o700)

    def _already_running(self) -> str:
        try:
            state = self.running()
        except StudioError:
            state = None
        where = f" at {state.address} (process {state.pid})" if state else ""
        return (
            f"Image Studio is already running on {self.path}{where}. Stop that one with Ctrl-C, "
            "or give this one its own folder and port: --data FOLDER --port PORT."
        )


def write_private(path: Path, text: str) -> None:
    """Replace the file as a whole: a reader sees the old or the new text, never half of one."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _make_folder(path: Path, mode: int) -> None:
    """Make it with the folders above it. Each is closed at first, then opened as far as need be."""
    missing = [each for each in (path, *path.parents) if not each.is_dir()]
    for each in reversed(missing):
        each.mkdir(mode=0o700)
        each.chmod(mode)


def _tighten(path: Path, at_most: int) -> None:
    """Leave the engines' own folders and what vanishes meanwhile as they are."""
    with contextlib.suppress(FileNotFoundError):
        found = path.lstat()
        if found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode):
            path.chmod(stat.S_IMODE(found.st_mode) & at_most)


def _refuse_full_disk(path: Path) -> None:
    free = shutil.disk_usage(path).free
    if free < NEEDED_BYTES:
        raise StudioError(
            f"The disk of {path} has {free >> 20} MB left and the studio needs "
            f"{NEEDED_BYTES >> 20} MB to start: free some space or choose another folder by --data."
        )


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
