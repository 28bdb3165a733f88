"""A whole studio for tests: started by the one command, visited over HTTP, killed without mercy."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil
import psycopg
import redis
import requests

from tests.folders import reachable_folder
from tests.static_files import shared_static_files

ROOT = Path(__file__).resolve().parents[1]
EMAIL, PASSWORD = "dana@redwood.example", "a long enough phrase"
READY_WITHIN_S = 90.0
Found = TypeVar("Found")


class RunningStudio:
    """`manage.py studio` as a process of its own, with everything that it starts."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = _free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._said_before = 0

    @property
    def log(self) -> Path:
        return self.data.with_suffix(".log")

    def words(self) -> str:
        """What it has said on the terminal so far."""
        return self.log.read_text() if self.log.exists() else ""

    def start(self) -> None:
        self._said_before = len(self.words())
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "manage.py",
                    "studio",
                    "--data",
                    self.data,
                    "--port",
                    str(self.port),
                ],
                cwd=ROOT,
                env=_clean_environment() | self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(self._is_ready, READY_WITHIN_S, lambda: self.words()[-2000:])

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)

    def kill_everything(self) -> None:
        """Power cut: launcher, engines, web, worker, sweeper and sandbox, all by SIGKILL."""
        assert self._process is not None
        family = [psutil.Process(self._process.pid)]
        family += family[0].children(recursive=True)
        for process in family:
            with suppress(psutil.NoSuchProcess):  # It died with its owner already.
                process.kill()
        psutil.wait_procs(family, timeout=10)
        self._process.wait(10)

    def pause(self, name: str) -> None:
        """Stop one of the programs in its tracks, by SIGSTOP."""
        self.program(name).suspend()

    def resume(self, name: str) -> None:
        self.program(name).resume()

    def program(self, name: str) -> psutil.Process:
        assert self._process is not None
        for child in psutil.Process(self._process.pid).children(recursive=True):
            if name in " ".join(child.cmdline()):
                return child
        raise LookupError(f"no program named {name}")

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._told()["DATABASE_URL"]) as database:
            return database.execute(statement, values).fetchall()

    def broker(self) -> "redis.Redis":
        return redis.Redis.from_url(self._told()["REDIS_URL"])

    def ledger(self) -> list[dict[str, Any]]:
        """What the sandbox was asked for, as it noted before it answered."""
        path = self.data / "sandbox-ledger.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def command(self, *words: str, typed: str = "") -> str:
        """What `manage.py` says to these words, run beside the studio as an operator would."""
        environment = _clean_environment() | {"STUDIO_DATA": str(self.data)}
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environment | {"STUDIO_NO_BOOTSTRAP": "1"},
            input=typed + "\n",
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def visitor(self) -> "Visitor":
        return Visitor(self.base_url)

    def _told(self) -> Mapping[str, str]:
        told: Mapping[str, str] = json.loads((self.data / "state.json").read_text())["environment"]
        return told

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(self.words()[-2000:])
        return "is ready" in self.words()[self._said_before :]


class Visitor:
    """Somebody with a browser and no script."""

    def __init__(self, base_url: str) -> None:
        self._session = requests.Session()
        # The server closes idle connections; a form must not go out on one that it just closed.
        self._session.headers["Connection"] = "close"
        self._base_url = base_url

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> "Visitor":
        page = self.get("/accounts/login/")
        answer = self.post("/accounts/login/", page, login=email, password=password)
        assert "/accounts/login/" not in answer.url, "signing in did not work"
        return self

    def get(self, path: str) -> requests.Response:
        return self._session.get(self._base_url + path, timeout=30)

    def post(self, path: str, page: requests.Response, **fields: str) -> requests.Response:
        """Send the fields as the page's form would."""
        data = {"csrfmiddlewaretoken": _value_of("csrfmiddlewaretoken", page.text)} | fields
        headers = {"Referer": self._base_url + "/"}
        return self._session.post(self._base_url + path, data=data, headers=headers, timeout=30)

    def generate(self, prompt: str, **fields: str) -> requests.Response:
        """Fill in the composer and press Generate."""
        page = self.get("/")
        composer = fields_of(page.text, "/jobs/") | {"prompt": prompt} | fields
        response = self.post("/jobs/", page, **composer)
        assert response.ok, response.text[:2000]
        return response


@contextmanager
def running_studio(**environment: str) -> Iterator[RunningStudio]:
    """A studio with engines and a folder of its own, gone without a trace afterwards."""
    given = {"STUDIO_ADMIN_EMAIL": EMAIL, "STUDIO_ADMIN_PASSWORD": PASSWORD}
    if shared := shared_static_files():
        given["STUDIO_STATIC"] = str(shared)
    with reachable_folder() as folder:
        studio = RunningStudio(folder / "data", **given | environment)
        try:
            studio.start()
            yield studio
        finally:
            studio.stop()


def wait_for(
    ask: Callable[[], Found | None], within_s: float, why: Callable[[], object] = lambda: ""
) -> Found:
    """The first true answer; fails with `why` when there is none in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {why()}")


def fields_of(page: str, action: str) -> dict[str, str]:
    """What a form would send if nobody touched it."""
    form = page[page.index(f'action="{action}"') :].partition("</form>")[0]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        chooses = attributes.get("type") in ("radio", "checkbox")
        if "name" in attributes and "disabled" not in tag and (not chooses or " checked" in tag):
            fields[attributes["name"]] = attributes.get("value", "")
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)"[^>]*selected', options)
        fields[name] = chosen.group(1) if chosen else ""
    return fields


def _value_of(name: str, page: str) -> str:
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert tag, f"no field {name} on the page"
    value = re.search(r'value="([^"]*)"', tag.group())
    assert value
    return value.group(1)


def _clean_environment() -> dict[str, str]:
    """Nothing of the tests' own engines: this studio starts its own."""
    unwanted = ("STUDIO_", "DATABASE_URL", "REDIS_URL", "OPENAI_", "DJANGO_", "PYTEST_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
    return kept | {"STUDIO_NO_BOOTSTRAP": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
