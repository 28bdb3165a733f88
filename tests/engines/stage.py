"""A small project around the real launcher: real engines, and children of a few lines each."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import psutil
import psycopg

PROJECT = Path(__file__).resolve().parents[2]

FILES = {
    # Stands where Django would: the launcher starts `manage.py COMMAND` and knows nothing more.
    "django/__init__.py": "",
    "django/core/__init__.py": "",
    "django/core/management.py": """
        import runpy
        def execute_from_command_line(argv):
            runpy.run_path(f"commands/{argv[1]}.py")
    """,
    "commands/migrate.py": """
        import os, psycopg
        from imagestudio.engines.roles import Login, separate
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as database:
            database.execute("CREATE TABLE IF NOT EXISTS jobs_job (state text)")
            separate(database, Login.of(os.environ["DATABASE_URL"]))
    """,
    "commands/collectstatic.py": "",
    "commands/first_admin.py": """
        import os, pathlib
        made = pathlib.Path(os.environ["STUDIO_DATA"]) / "made"
        if not made.exists():
            made.touch()
            print("First admin: dana@example.org with password correct-horse")
    """,
    "commands/sweep.py": "import time; time.sleep(600)",
    "commands/show.py": 'import os; print(os.environ["DATABASE_URL"])',
    "imagestudio/sandbox/__main__.py": "import time; time.sleep(600)",
    "imagestudio/web/__init__.py": "",
    "imagestudio/web/protocol.py": """
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as StudioProtocol
    """,
    "imagestudio/asgi.py": """
        async def application(scope, receive, send):
            assert scope["type"] == "http"
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})
    """,
    # Stands where Celery would: warm at SIGTERM, and as long about it as the test says.
    "celery.py": """
        import os, signal, time
        def warm(*args):
            time.sleep(float(os.environ.get("STAGE_LAST_CALL_S", "0")))
            raise SystemExit(0)
        signal.signal(signal.SIGTERM, warm)
        if os.environ.get("STAGE_WORKER") == "dies":
            raise SystemExit("the worker's last words")
        time.sleep(600)
    """,
}


def build(folder: Path) -> Path:
    """The project in `folder`: the engines and manage.py as they are, the rest in a few lines."""
    shutil.copy(PROJECT / "manage.py", folder)
    shutil.copytree(PROJECT / "imagestudio" / "engines", folder / "imagestudio" / "engines")
    (folder / "imagestudio" / "__init__.py").touch()
    for name, text in FILES.items():
        _write(folder / name, dedent(text))
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@dataclass
class Studio:
    """A launcher on the stage, as a person at a terminal meets it."""

    project: Path
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    launchers: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.project / "var" / "studio"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """A `manage.py` command with nothing of this process's environment but the basics."""
        clean = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "HOME", "TMPDIR")}
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=self.project,
            env={**clean, "STUDIO_NO_BOOTSTRAP": "1", **self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.launchers.append(process)
        return process

    def result(self, *arguments: str, **env: str) -> tuple[int, str, str]:
        """Exit code and both outputs of a command that ends by itself."""
        process = self.command(*arguments, **env)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def start(self, *arguments: str, **env: str) -> None:
        """Start it and read up to the line that says it is ready."""
        self.launcher = self.command("studio", "--port", str(self.port), *arguments, **env)
        self.said: list[str] = []
        assert self.launcher.stdout
        for line in self.launcher.stdout:
            self.said.append(line.strip())
            if "is ready" in line:
                return
        raise AssertionError(self.finish())

    def finish(self, within_s: float = 120.0) -> tuple[int, str, str]:
        """Exit code and both outputs, once it ended by itself."""
        out, err = self.launcher.communicate(timeout=within_s)
        return self.launcher.returncode, out, err

    def stop(self) -> tuple[int, str, str]:
        self.launcher.send_signal(signal.SIGINT)
        return self.finish()

    def clear_away(self) -> None:
        """End what a failed test left, launchers first; their children follow by themselves."""
        left = self.pids() if (self.data / "pids.json").exists() else []
        for launcher in self.launchers:
            launcher.kill()
            launcher.communicate()
        assert eventually(lambda: not any(is_running(pid) for pid in left))

    def pids(self) -> list[int]:
        return [entry["pid"] for entry in json.loads((self.data / "pids.json").read_text())]

    def pid_of(self, what: str) -> int:
        """The child whose command line holds these words."""
        found = [p for p in self.pids() if what in " ".join(psutil.Process(p).cmdline())]
        return found[0]

    def environment(self) -> dict[str, str]:
        """What it tells other commands."""
        state = json.loads((self.data / "state.json").read_text())
        environment: dict[str, str] = state["environment"]
        return environment


def eventually(condition: Callable[[], bool], within_s: float = 40.0) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def answers(database_url: str) -> bool:
    try:
        with psycopg.connect(database_url) as database:
            database.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
