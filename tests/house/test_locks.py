"""What is installed is what was chosen."""

import re
import tomllib

import pytest

from tests.house.source import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ["requirements.txt", "requirements-test.txt", "requirements-dev.txt"]


def name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return found.group().lower().replace("_", "-")


def pinned(lock: str) -> set[str]:
    text = (ROOT / lock).read_text()
    return {name(line) for line in text.splitlines() if re.match(r"[a-z0-9]", line)}


def chosen() -> set[str]:
    project = PROJECT["project"]
    return {name(each) for each in project["dependencies"]} | {
        name(each) for each in project["optional-dependencies"]["embedded"]
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_every_choice_is_pinned(lock: str) -> None:
    assert chosen() <= pinned(lock)


@pytest.mark.parametrize(
    ("group", "lock"), [("test", "requirements-test.txt"), ("dev", "requirements-dev.txt")]
)
def test_every_tool_is_pinned(group: str, lock: str) -> None:
    wanted = [each for each in PROJECT["dependency-groups"][group] if isinstance(each, str)]

    assert {name(each) for each in wanted} <= pinned(lock)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert "://" not in text
    for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert "==" in block
        assert "--hash=sha256:" in block


def test_the_locks_agree_with_each_other() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for line in (ROOT / lock).read_text().splitlines():
            if match := re.match(r"([a-z0-9._-]+)==([^ ;\\]+)", line):
                versions.setdefault(match.group(1), set()).add(match.group(2))

    assert {package: found for package, found in versions.items() if len(found) > 1} == {}
