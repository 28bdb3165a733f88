"""No container engine runs here: the compose file is read and held against the settings."""

import re
from typing import Any

import pytest
import yaml

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


def test_worker_and_sweeper_share_the_spool() -> None:
    services = COMPOSE["services"]

    assert services["worker"]["volumes"] == services["sweeper"]["volumes"] == ["spool:/data"]


def test_the_broker_never_evicts() -> None:
    assert "--maxmemory-policy noeviction" in COMPOSE["services"]["valkey"]["command"]


def test_it_holds_no_secret() -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    for name in ("PASSWORD", "SECRET_KEY", "ACCESS_KEY", "API_KEY"):
        for value in re.findall(rf"^\s+\w*{name}: (.*)$", text, re.MULTILINE):
            assert value.startswith("${")
