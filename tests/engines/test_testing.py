"""`manage.py test`: throw-away engines, and no way to a real server."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from imagestudio.engines.testing import forget_real_servers
from tests.engines.stage import PROJECT, Studio, eventually, is_running

RUN = """
import json, sys, time
import psutil
from imagestudio.engines import testing
testing._remove_leftovers()
with testing.throwaway_engines() as environment:
    pids = [child.pid for child in psutil.Process().children()]
    print(json.dumps([environment, pids]), flush=True)
    time.sleep(float(sys.argv[1]))
"""


ONE = """
import os, psycopg
def test_one():
    psycopg.connect(os.environ["DATABASE_URL"]).close()
    assert "OPENAI_API_KEY" not in os.environ
"""


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "REDIS_URL_FILE",
        "STORAGE_URL",
        "AWS_SECRET_ACCESS_KEY",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "PGPASSWORD",
        "STUDIO_ADMIN_PASSWORD",
        "HTTPS_PROXY",
        "https_proxy",
    ],
)
def test_it_forgets_real_servers(name: str) -> None:
    env = {name: "real", "HOME": "/home/alice"}

    forget_real_servers(env)

    assert env == {"HOME": "/home/alice"}


def test_it_remembers_where_the_programs_of_postgresql_are() -> None:
    env = {"STUDIO_PG_BIN": "/opt/postgresql/bin"}

    forget_real_servers(env)

    assert env == {"STUDIO_PG_BIN": "/opt/postgresql/bin"}


@pytest.mark.slow
def test_it_runs_pytest_on_its_own_engines(studio: Studio) -> None:
    (studio.project / "test_one.py").write_text(ONE)

    code, out, err = studio.result("test", "-p", "no:django", OPENAI_API_KEY="real")

    assert (code, "1 passed" in out) == (0, True), out + err


@pytest.mark.slow
def test_it_leaves_nothing_behind() -> None:
    run = subprocess.run(
        [sys.executable, "-c", RUN, "0"], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    environment, pids = json.loads(run.stdout)

    assert not Path(environment["STUDIO_DATA"]).parent.exists()
    assert not any(is_running(pid) for pid in pids)


@pytest.mark.slow
def test_it_clears_away_after_a_run_that_was_killed() -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", RUN, "60"], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert killed.stdout
    environment, pids = json.loads(killed.stdout.readline())
    killed.kill()
    killed.communicate()
    assert eventually(lambda: not any(is_running(pid) for pid in pids))

    subprocess.run([sys.executable, "-c", RUN, "0"], cwd=PROJECT, capture_output=True, check=True)

    left = Path(environment["STUDIO_DATA"]).parent
    assert left.parent == Path(tempfile.gettempdir()).resolve()
    assert not left.exists()
