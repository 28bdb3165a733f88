"""The set-up, on a checkout of one page: a lock with one small wheel from a folder."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.engines.stage import PROJECT, eventually

pytestmark = pytest.mark.slow

BASE_PYTHON = Path(getattr(sys, "_base_executable", sys.executable))

# In place of Django: tells in which environment it runs and what is installed there.
SHOW = """
import importlib.util, sys
def execute_from_command_line(argv):
    found = [n for n in ("small", "other") if importlib.util.find_spec(n)]
    print(sys.prefix, *found, *argv[1:], sep="|")
"""

# Lets a Python look as if a module were not installed, as on a bare Debian.
HIDE = """
import importlib.machinery, os
hidden = os.environ.get("HIDDEN", "").split()
finder = importlib.machinery.PathFinder
original = finder.find_spec
finder.find_spec = lambda name, *more: None if name in hidden else original(name, *more)
"""


@dataclass
class Checkout:
    folder: Path
    wheels: Path
    env: dict[str, str] = field(default_factory=dict)

    def start(
        self, *arguments: str, python: Path = BASE_PYTHON, **env: str
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [python, "manage.py", *arguments],
            cwd=self.folder,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, python: Path = BASE_PYTHON, **env: str) -> tuple[int, str, str]:
        process = self.start(*arguments, python=python, **env)
        out, err = process.communicate(timeout=60)
        return process.returncode, out.strip(), err

    def lock(self, *names: str, file: str = "requirements.txt") -> None:
        """Pin these packages, each a wheel with one empty module."""
        text = "".join(
            f"{name}==1.0 --hash=sha256:{hashlib.sha256(self.wheel(name)).hexdigest()}\n"
            for name in names
        )
        (self.folder / file).write_text(text)

    def wheel(self, name: str) -> bytes:
        path = self.wheels / f"{name}-1.0-py3-none-any.whl"
        if not path.exists():
            with zipfile.ZipFile(path, "w") as file:
                file.writestr(f"{name}.py", "")
                info = f"{name}-1.0.dist-info"
                file.writestr(
                    f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
                )
                file.writestr(
                    f"{info}/WHEEL",
                    "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                )
                file.writestr(f"{info}/RECORD", "")
        return path.read_bytes()

    def break_wheel(self, name: str) -> None:
        (self.wheels / f"{name}-1.0-py3-none-any.whl").write_bytes(b"not what was locked")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder = tmp_path / "a checkout"
    engines = folder / "imagestudio" / "engines"
    engines.mkdir(parents=True)
    shutil.copy(PROJECT / "manage.py", folder)
    for name in ("bootstrap", "client", "data", "environment", "errors"):
        shutil.copy(PROJECT / "imagestudio" / "engines" / f"{name}.py", engines)
    (folder / "imagestudio" / "__init__.py").touch()
    (engines / "__init__.py").touch()
    for package in ("django", "django/core"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    (folder / "django" / "core" / "management.py").write_text(SHOW)
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "sitecustomize.py").write_text(HIDE)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    env = {
        "HOME": str(tmp_path),
        # Without uv, whose absence is the rule; the user's own mirror is a folder here.
        "PATH": "/usr/bin:/bin",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPATH": str(tmp_path / "hide"),
        # The quick route: a whole pip takes seconds to copy.
        "HIDDEN": "ensurepip",
    }
    made = Checkout(folder, wheels, env)
    made.lock("small")
    return made


def test_it_sets_up_and_goes_on_inside(checkout: Checkout) -> None:
    code, out, err = checkout.run("check", "--deploy")

    assert (code, out) == (0, f"{checkout.folder}/.venv|small|check|--deploy")
    assert err.startswith("Setting up 1 packages in .venv, once ...")


def test_it_is_quiet_when_all_is_there(checkout: Checkout) -> None:
    checkout.run("check")

    code, out, err = checkout.run("check")

    assert (code, out, err) == (0, f"{checkout.folder}/.venv|small|check", "")


def test_it_builds_anew_when_the_lock_changes(checkout: Checkout) -> None:
    checkout.run("check")
    checkout.lock("other")

    _, out, err = checkout.run("check", python=checkout.folder / ".venv" / "bin" / "python")

    assert out == f"{checkout.folder}/.venv|other|check", err


def test_it_finishes_a_set_up_that_was_cut_off(checkout: Checkout) -> None:
    cut = checkout.start("check")
    assert eventually((checkout.folder / ".venv" / "pyvenv.cfg").exists)
    os.kill(cut.pid, signal.SIGKILL)
    cut.communicate()
    assert not (checkout.folder / ".venv" / "studio-stamp").exists()

    code, out, _ = checkout.run("check")

    assert (code, out) == (0, f"{checkout.folder}/.venv|small|check")


def test_it_builds_once_for_two_terminals(checkout: Checkout) -> None:
    both = [checkout.start("check"), checkout.start("check")]

    said = [process.communicate(timeout=60) for process in both]

    assert [out.strip() for out, _ in said] == [f"{checkout.folder}/.venv|small|check"] * 2
    assert sum("Setting up" in err for _, err in said) == 1


def test_it_keeps_the_tests_in_an_environment_of_their_own(checkout: Checkout) -> None:
    checkout.lock("small", "other", file="requirements-test.txt")
    (checkout.folder / "imagestudio" / "engines" / "testing.py").write_text(
        "import sys\ndef main(arguments):\n    print(sys.prefix, *arguments)\n    return 5\n"
    )

    code, out, _ = checkout.run("test", "-k", "one")

    assert (code, out) == (5, f"{checkout.folder}/.venv-test -k one")
    assert not (checkout.folder / ".venv").exists()


def test_it_leaves_an_environment_of_the_person_alone(checkout: Checkout) -> None:
    code, out, err = checkout.run("check", STUDIO_NO_BOOTSTRAP="1")

    assert (code, out.split("|")[1:], err) == (0, ["check"], "")
    assert not (checkout.folder / ".venv").exists()


def test_it_refuses_a_package_that_is_not_what_was_locked(checkout: Checkout) -> None:
    checkout.break_wheel("small")

    code, _, err = checkout.run("check")

    assert code == 1
    assert "HASHES" in err
    assert "The packages could not be installed" in err
    assert "Traceback" not in err


def test_it_names_the_one_package_that_is_missing(checkout: Checkout) -> None:
    code, _, err = checkout.run("check", HIDDEN="ensurepip pip", PATH="/nowhere")

    assert code == 1
    assert "install" in err.splitlines()[-1]
    assert "Traceback" not in err


def test_it_takes_the_next_way_when_the_fastest_fails(checkout: Checkout) -> None:
    uv = checkout.wheels / "uv"
    uv.write_text('#!/bin/sh\n[ "$1" = --version ] || { echo no network; exit 1; }\n')
    uv.chmod(0o755)

    code, out, err = checkout.run("check", PATH=f"{checkout.wheels}:/usr/bin:/bin")

    assert (code, out) == (0, f"{checkout.folder}/.venv|small|check")
    assert "no network" not in err


def test_it_says_when_the_checkout_is_not_whole(checkout: Checkout) -> None:
    (checkout.folder / "requirements.txt").unlink()

    code, _, err = checkout.run("check")

    assert code == 1
    assert err.endswith("requirements.txt is missing; is this a whole checkout of Image Studio?\n")


def test_it_leaves_a_file_in_the_way_alone(checkout: Checkout) -> None:
    (checkout.folder / ".venv").write_text("notes")

    code, _, err = checkout.run("check")

    assert (code, err) == (1, f"{checkout.folder}/.venv can't be made: Not a directory.\n")
    assert (checkout.folder / ".venv").read_text() == "notes"


def test_it_replaces_a_link_and_not_what_it_leads_to(checkout: Checkout) -> None:
    other = checkout.folder / "elsewhere"
    other.mkdir()
    (other / "notes").touch()
    (checkout.folder / ".venv").symlink_to(other)

    code, out, _ = checkout.run("check")

    assert (code, out) == (0, f"{checkout.folder}/.venv|small|check")
    assert [path.name for path in other.iterdir()] == ["notes"]


def test_it_tells_an_old_python_what_is_needed(checkout: Checkout) -> None:
    old = (
        "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['manage.py'];"
        "runpy.run_path('manage.py', run_name='__main__')"
    )

    said = subprocess.run(
        [sys.executable, "-c", old],
        cwd=checkout.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 1
    assert said.stderr == "Image Studio needs Python 3.11 or newer; this is Python 3.9.\n"
