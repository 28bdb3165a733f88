"""Makes the environment that a command needs, then goes on inside it. Standard library only.

`requirements.txt` is built into `.venv`, `requirements-test.txt` (for `test`) into `.venv-test`.
Each has a stamp, written last: a set-up that was cut off has none and is made again. No tool is
downloaded and no index is named, so the user's own mirror settings count.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_PIP_MANNERS = ("--quiet", "--disable-pip-version-check", "--no-input")


class SetupError(Exception):
    """A sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, the lock file it is built from, and what may stand in for it."""

    lock: Path
    folder: Path
    supersets: tuple[str, ...]

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / "studio-stamp"

    def expected_stamp(self) -> str:
        """Names the lock, the Python and the machine: a checkout may be shared by several."""
        digest = hashlib.sha256(self.lock.read_bytes()).hexdigest()
        return f"{digest} {sys.implementation.cache_tag} {sys.platform}-{os.uname().machine}\n"

    def is_ready(self) -> bool:
        try:
            # The interpreter is a link into the system's Python, which may have been removed.
            return self.stamp.read_text() == self.expected_stamp() and self.python.exists()
        except FileNotFoundError:
            return False

    def is_ours(self) -> bool:
        """Whether this very process already runs in the environment, or in one that holds more."""
        if any(_is_prefix(self.folder.with_name(name)) for name in self.supersets):
            return True
        return _is_prefix(self.folder) and self.is_ready()


def environment_for(argv: list[str]) -> Environment:
    if argv[1:2] == ["test"]:
        return Environment(
            PROJECT / "requirements-test.txt", PROJECT / ".venv-test", (".venv-dev",)
        )
    return Environment(PROJECT / "requirements.txt", PROJECT / ".venv", (".venv-test", ".venv-dev"))


def enter(argv: list[str]) -> None:
    """Return when this process may go on; otherwise build what is missing and start anew inside."""
    if os.environ.get("STUDIO_NO_BOOTSTRAP") == "1":
        return
    if sys.platform == "win32":
        sys.exit("Image Studio runs on Linux and macOS; on Windows, start it inside WSL.")
    environment = environment_for(argv)
    if environment.is_ours():
        return
    try:
        if not environment.is_ready():
            _build_once(environment)
    except (SetupError, OSError) as error:
        sys.exit(_sentence(error, environment))
    except KeyboardInterrupt:
        sys.exit("\nThe set-up was cut off; the next start makes it again.")
    python = str(environment.python)
    os.execv(python, [python, *argv])  # noqa: S606 - Our own interpreter, our own arguments.


def _build_once(environment: Environment) -> None:
    with _file_lock(environment.lock):
        # Another terminal may have built it while this one waited for the lock.
        if not environment.is_ready():
            _build(environment)


def _build(environment: Environment) -> None:
    if not os.access(environment.folder.parent, os.W_OK):
        raise SetupError(
            f"The folder {environment.folder.parent} is not writable for this user, "
            "so the packages can't be set up: give this command once as its owner."
        )
    routes = list(_routes())
    if not routes:
        raise SetupError(_what_to_install())
    count = sum("==" in line for line in environment.lock.read_text().splitlines())
    with _progress(f"Setting up {count} packages in {environment.folder.name}, once"):
        failure = _first_success(environment, routes)
    if failure:
        raise SetupError(
            f"{failure}\nThe packages could not be installed; the lines above say why. "
            "The next start tries again."
        )
    environment.stamp.write_text(environment.expected_stamp())


Route = Callable[[Environment], str | None]


def _first_success(environment: Environment, routes: list[Route]) -> str | None:
    """None when one of them worked, otherwise what the last one said."""
    failure = None
    for route in routes:
        _remove(environment.folder)
        failure = route(environment)
        if failure is None:
            return None
    return failure


def _routes() -> Iterator[Route]:
    """The ways to build an environment that exist here, fastest first."""
    if shutil.which("uv") and _succeeds(["uv", "--version"]):
        yield _with_uv
    if _has_module("ensurepip"):
        yield _with_venv
    elif _has_module("pip"):
        yield _with_system_pip
    elif os.geteuid() == 0 and shutil.which("apt-get"):
        yield _with_apt


def _with_uv(environment: Environment) -> str | None:
    # Compiled now, as pip does: where bytecode is never written, each start would compile it all.
    install = ["uv", "pip", "install", "--quiet", "--compile-bytecode"]
    return _run(
        ["uv", "venv", "--quiet", "--python", _base_python(), str(environment.folder)]
    ) or _run([*install, "--python", str(environment.python), *_packages(environment)])


def _with_venv(environment: Environment) -> str | None:
    pip = [str(environment.python), "-I", "-m", "pip", "install", *_PIP_MANNERS]
    return _run([_base_python(), "-I", "-m", "venv", str(environment.folder)]) or _run(
        [*pip, *_packages(environment)]
    )


def _with_system_pip(environment: Environment) -> str | None:
    """For Debian with python3-pip and without python3-venv."""
    pip = [_base_python(), "-I", "-m", "pip", "--python", str(environment.python), "install"]
    return _run(
        [_base_python(), "-I", "-m", "venv", "--without-pip", str(environment.folder)]
    ) or _run([*pip, *_PIP_MANNERS, *_packages(environment)])


def _with_apt(environment: Environment) -> str | None:
    package = _venv_package()
    print(f"Installing {package} and ca-certificates with apt-get first.", file=sys.stderr)
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return (
        _run(["apt-get", "update", "-qq"], quietly)
        or _run(
            ["apt-get", "install", "-qq", "--no-install-recommends", package, "ca-certificates"],
            quietly,
        )
        or _with_venv(environment)
    )


def _packages(environment: Environment) -> list[str]:
    return ["--require-hashes", "--only-binary", ":all:", "-r", str(environment.lock)]


def _run(command: list[str], env: dict[str, str] | None = None) -> str | None:
    """None when it went well, otherwise the end of what it said."""
    # PIP_USER would send the packages to the home folder, past the environment.
    env = {**(env or os.environ), "PIP_USER": "0"}
    done = subprocess.run(  # noqa: S603 - Fixed commands, no shell.
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return None
    return "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:]) or "It failed."


def _succeeds(command: list[str]) -> bool:
    return _run(command) is None


def _base_python() -> str:
    """The interpreter outside any virtual environment: one that is rebuilt can't build itself."""
    return str(getattr(sys, "_base_executable", sys.executable))


def _has_module(name: str) -> bool:
    """Whether the base Python has it; this process may run in an environment of its own."""
    look = "import importlib.util, sys; sys.exit(not importlib.util.find_spec(sys.argv[1]))"
    return _succeeds([_base_python(), "-c", look, name])


def _venv_package() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}-venv"


def _what_to_install() -> str:
    package = _venv_package() if Path("/etc/debian_version").exists() else "pip for this Python"
    return f"Image Studio sets itself up with pip, which is missing here: install {package}."


def _sentence(error: SetupError | OSError, environment: Environment) -> str:
    if isinstance(error, SetupError):
        return str(error)
    if isinstance(error, FileNotFoundError):
        return f"{error.filename} is missing; is this a whole checkout of Image Studio?"
    return f"{environment.folder} can't be made: {error.strerror}."


def _is_prefix(folder: Path) -> bool:
    # Compared by inode, since the checkout or the environment may be reached through links.
    return folder.exists() and folder.samefile(sys.prefix)


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """Two terminals may start at once; the kernel drops this lock however its holder ends."""
    import fcntl

    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _progress(text: str) -> Iterator[None]:
    """One calm line on the terminal's error stream, with the seconds where a person watches."""
    started = time.monotonic()
    over = threading.Event()
    is_watched = sys.stderr.isatty()

    def show() -> None:
        while is_watched and not over.wait(1):
            _write(f"\r{text} ... {time.monotonic() - started:.0f} s")

    _write(f"{text} ..." + ("" if is_watched else "\n"))
    ticker = threading.Thread(target=show, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        over.set()
        ticker.join()
        _write("\n" if is_watched else "")


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
