"""No container engine runs here: the compose file is read and held against the settings."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from imagestudio.engines.environment import WEB_PROCESSES
from imagestudio.engines.home import valkey_program
from imagestudio.engines.postgres import DISCREET
from imagestudio.engines.processes import wait_until
from imagestudio.engines.start import free_port
from tests.house.source import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = ("migrate", "web", "worker", "sweeper")
# Read by the S3 library itself.
OF_LIBRARIES = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def variables_that_settings_read() -> set[str]:
    text = (ROOT / "imagestudio/settings.py").read_text()
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_0-9]+)"', text))


def test_it_states_the_whole_shape() -> None:
    assert {*OURS, "postgres", "valkey", "s3"} == set(COMPOSE["services"])


@pytest.mark.parametrize("service", OURS)
def test_it_sets_nothing_that_the_settings_do_not_read(service: str) -> None:
    given = set(COMPOSE["services"][service]["environment"])

    assert given - OF_LIBRARIES <= variables_that_settings_read()


def test_only_the_worker_holds_the_key() -> None:
    holders = [
        name
        for name, service in COMPOSE["services"].items()
        if "OPENAI_API_KEY" in (service.get("environment") or {})
    ]

    assert holders == ["worker"]


def test_image_and_settings_have_one_number_of_web_processes() -> None:
    image = (ROOT / "Dockerfile").read_text()
    given = COMPOSE["services"]["web"]["environment"]["STUDIO_WEB_PROCESSES"]

    assert f"STUDIO_WEB_PROCESSES={WEB_PROCESSES}\n" in image
    assert '--workers \\"$STUDIO_WEB_PROCESSES\\"' in image
    assert given == f"${{STUDIO_WEB_PROCESSES:-{WEB_PROCESSES}}}"


@pytest.mark.parametrize("is_file", [False, True])
def test_the_image_reads_the_number_of_web_processes_where_the_settings_do(
    is_file: bool, tmp_path: Path
) -> None:
    """The command of the image itself; its Python only shows what it is called with."""
    [command] = re.findall(r"^CMD (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    (tmp_path / "python").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "python").chmod(0o700)
    (tmp_path / "count").write_text("7\n")
    env = {"PATH": f"{tmp_path}:{os.defpath}", "STUDIO_WEB_PROCESSES": "3"}
    more = {"STUDIO_WEB_PROCESSES_FILE": str(tmp_path / "count")} if is_file else {}

    done = subprocess.run(
        json.loads(command), env=env | more, capture_output=True, text=True, check=True
    )

    assert f"--workers {7 if is_file else 3} " in done.stdout


def test_worker_and_sweeper_share_the_spool() -> None:
    services = COMPOSE["services"]

    assert services["worker"]["volumes"] == services["sweeper"]["volumes"] == ["spool:/data"]


def test_the_broker_never_evicts() -> None:
    assert "maxmemory-policy noeviction" in COMPOSE["services"]["valkey"]["command"][-1]


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_w22_no_secret_is_on_a_command_line(service: str) -> None:
    """Compose puts `${NAME}` in before it starts anything; `$$NAME` is left to the shell inside."""
    given = COMPOSE["services"][service]
    for words in (given.get("command"), (given.get("healthcheck") or {}).get("test")):
        text = words if isinstance(words, str) else " ".join(words or ())

        assert "${" not in text
        assert not re.search(r"(?<!\$)\$[A-Z]", text)


@pytest.mark.slow
def test_w22_valkey_asks_for_a_password_that_ps_does_not_show(tmp_path: Path) -> None:
    """The command of the compose file itself, as its container would run it."""
    program = valkey_program(None)
    port, password = free_port(), "correct-horse-battery"
    *shell, script = COMPOSE["services"]["valkey"]["command"]
    script = script.replace("$$", "$").replace("appendonly yes", f"appendonly no\nport {port}")
    env = {"PATH": f"{program.parent}:{os.defpath}", "REDISCLI_AUTH": password}
    server = subprocess.Popen([*shell, script], env=env, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        broker = redis.Redis(port=port, password=password)
        assert wait_until(lambda: answers(broker), 10)
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port).ping()
        assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert password not in Path(f"/proc/{server.pid}/cmdline").read_text()
    finally:
        server.terminate()
        server.wait()


def answers(broker: redis.Redis) -> bool:
    try:
        return bool(broker.ping())
    except redis.ConnectionError:
        return False


def test_w09_only_the_migrations_act_as_the_owner_of_the_tables() -> None:
    services = COMPOSE["services"]
    owners = [name for name in OURS if "DATABASE_OWNER_URL" in services[name]["environment"]]

    assert owners == ["migrate"]
    assert "//studio_app:" in services["web"]["environment"]["DATABASE_URL"]


def test_w08_the_database_keeps_what_members_write_out_of_its_log() -> None:
    command = COMPOSE["services"]["postgres"]["command"]

    for name in ("log_min_error_statement", "log_error_verbosity", "log_parameter_max_length"):
        assert f"-c {name}={DISCREET[name]}" in command


def test_it_holds_no_secret() -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    for name in ("PASSWORD", "SECRET_KEY", "ACCESS_KEY", "API_KEY"):
        for value in re.findall(rf"^\s+\w*{name}: (.*)$", text, re.MULTILINE):
            assert value.startswith("${")
