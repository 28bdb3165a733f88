"""Production settings as Django and our own checks see them."""

import os
import subprocess
import sys

import pytest

from tests.house.source import ROOT


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def load_settings(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """As every process of the studio does first; web, worker and sweeper run no system check."""
    return subprocess.run(
        [sys.executable, "-c", "import imagestudio.settings"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_settings_raise_no_complaint() -> None:
    result = run(
        "check",
        "--deploy",
        "--fail-level=WARNING",
        STUDIO_ORIGIN="https://studio.example.org",
        EMAIL_URL="smtp+tls://user:password@mail.example.org:587",
    )

    assert result.returncode == 0, result.stderr


def test_every_model_has_its_migration() -> None:
    result = run("makemigrations", "--check", "--dry-run")

    assert result.returncode == 0, result.stdout


def test_the_owner_of_the_tables_holds_nobody_up_for_long() -> None:
    """Whoever waits to change a table has all others wait behind it."""
    ask = "with connections['owner'].cursor() as c: print(*c.execute('SHOW lock_timeout'))"

    result = run(
        *("shell", "--no-imports", "-c", f"from django.db import connections\n{ask}"),
        DATABASE_OWNER_URL=os.environ["STUDIO_TEST_OWNER_URL"],
    )

    assert result.stdout == "('5s',)\n", result.stderr


def test_all_that_is_missing_or_wrong_is_named_at_once() -> None:
    broken = os.environ | {"STUDIO_DB_POOL": "many"}
    for name in ("DATABASE_URL", "STUDIO_SECRET_KEY"):
        broken.pop(name)

    result = load_settings(broken)

    assert result.returncode != 0
    for name in ("DATABASE_URL", "STUDIO_SECRET_KEY", "STUDIO_DB_POOL"):
        assert name in result.stderr


@pytest.mark.parametrize("name", ["STUDIO_FAILPOINTS", "STUDIO_KILL_POINTS"])
@pytest.mark.parametrize(("scheme", "starts"), [("https", False), ("http", True)])
def test_failpoints_stop_the_start_of_a_public_studio(name: str, scheme: str, starts: bool) -> None:
    failpoints = {"STUDIO_ORIGIN": f"{scheme}://studio.example", name: "/orders"}

    result = load_settings(os.environ | failpoints)

    assert (result.returncode == 0) == starts
    assert (name in result.stderr) != starts
