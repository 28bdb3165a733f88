"""The table of children, and what each of them is told."""

from pathlib import Path

import pytest

from imagestudio.engines.children import Programs
from imagestudio.engines.environment import (
    environment_of_children,
    is_set,
    shared_with_commands,
)
from imagestudio.engines.errors import StudioError

PERSON = {
    "HOME": "/home/alice",
    "OPENAI_API_KEY": "sk-secret",
    "PGHOST": "elsewhere",
    "STUDIO_ADMIN_PASSWORD": "correct-horse",
}
ENGINES = {"DATABASE_URL": "postgres://embedded", "REDIS_URL": "redis://embedded"}


def test_it_gives_the_key_to_the_worker_only() -> None:
    troupe = Programs(PERSON, Path("/data"), Path("/data/logs"))

    assert troupe.worker().env["OPENAI_API_KEY"] == "sk-secret"
    for child in (troupe.web(1, 3), troupe.sweeper(), troupe.sandbox(1), troupe.prepare()):
        assert "OPENAI_API_KEY" not in child.env


def test_it_gives_the_first_password_to_the_first_step_only() -> None:
    troupe = Programs(PERSON, Path("/data"), Path("/data/logs"))

    assert troupe.prepare().env["STUDIO_ADMIN_PASSWORD"] == "correct-horse"
    for child in (troupe.web(1, 3), troupe.sweeper(), troupe.sandbox(1), troupe.worker()):
        assert "STUDIO_ADMIN_PASSWORD" not in child.env


CANARIES = {
    "OPENAI_API_KEY": "canary-key",
    "OPENAI_API_KEY_FILE": "/canary-key-file",
    "STUDIO_PROVIDER_KEYS": "canary-keys",
    "STUDIO_PROVIDER_KEYS_FILE": "/canary-keys-file",
    "DATABASE_OWNER_URL": "canary-owner",
    "DATABASE_OWNER_URL_FILE": "/canary-owner-file",
    "STUDIO_ADMIN_PASSWORD": "canary-password",
    "STUDIO_ADMIN_PASSWORD_FILE": "/canary-password-file",
    "DATABASE_URL": "canary-database",
    "REDIS_URL": "canary-redis",
    "CACHE_URL": "canary-cache",
    "EMAIL_URL": "canary-mail",
    "AWS_SECRET_ACCESS_KEY": "canary-storage",
    "STUDIO_SECRET_KEY": "canary-signing",
    "SOME_TOKEN_OF_THE_PERSON": "canary-of-somebody",
}
ENGINES_AND_SIGNING = {
    "canary-database",
    "canary-redis",
    "canary-cache",
    "canary-mail",
    "canary-storage",
    "canary-signing",
    "canary-of-somebody",
}
CALLING = {"canary-key", "/canary-key-file", "canary-keys", "/canary-keys-file"}
ONCE = {"canary-owner", "/canary-owner-file", "canary-password", "/canary-password-file"}


def test_w24_it_gives_each_program_only_the_secrets_that_it_needs() -> None:
    troupe = Programs(CANARIES | {"PATH": "/bin"}, Path("/data"), Path("/data/logs"))
    needs = [
        (troupe.prepare(), ENGINES_AND_SIGNING | ONCE),
        (troupe.web(1, 3), ENGINES_AND_SIGNING),
        (troupe.sweeper(), ENGINES_AND_SIGNING),
        (troupe.worker(), ENGINES_AND_SIGNING | CALLING),
        (troupe.sandbox(1), set[str]()),
        (troupe.collect_static(), set[str]()),
    ]

    for child, expected in needs:
        assert set(CANARIES.values()) & set(child.env.values()) == expected, child.name
        assert child.env["PATH"] == "/bin"


def test_it_hands_the_socket_to_each_web_process() -> None:
    web = Programs({}, Path("/data"), Path("/data/logs")).web(2, 7)

    assert web.pass_fds == (7,)
    assert web.argv[web.argv.index("--fd") + 1] == "7"


@pytest.mark.parametrize(("given", "count"), [("", 2), ("1", 1), (" 5 ", 5)])
def test_there_are_as_many_web_processes_as_the_person_says(given: str, count: int) -> None:
    troupe = Programs({"STUDIO_WEB_PROCESSES": given}, Path("/data"), Path("/data/logs"))

    webs = list(troupe.webs(7))

    assert [web.name for web in webs] == [f"web-{number + 1}" for number in range(count)]
    # Each is one process, whatever WEB_CONCURRENCY says to the server.
    assert all(web.argv[web.argv.index("--workers") + 1] == "1" for web in webs)


def test_a_number_may_stand_in_a_file_as_for_the_settings(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("3\n")
    env = {
        "STUDIO_WEB_PROCESSES": "5",
        "STUDIO_WEB_PROCESSES_FILE": str(tmp_path / "count"),
        "STUDIO_WORKER_THREADS_FILE": str(tmp_path / "count"),
    }
    troupe = Programs(env, Path("/data"), Path("/data/logs"))

    assert len(list(troupe.webs(7))) == 3
    assert troupe.worker().argv[troupe.worker().argv.index("-c") + 1] == "3"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    env = {"STUDIO_WEB_PROCESSES_FILE": str(tmp_path / "count")}

    with pytest.raises(StudioError, match="STUDIO_WEB_PROCESSES_FILE names no file"):
        list(Programs(env, Path("/data"), Path("/data/logs")).webs(7))


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    env = {"STUDIO_WORKER_THREADS_FILE": str(tmp_path / "key")}

    with pytest.raises(StudioError, match="STUDIO_WORKER_THREADS_FILE names a file that is not"):
        Programs(env, Path("/data"), Path("/data/logs")).worker()


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    env = {"STUDIO_SANDBOX_LATENCY_S_FILE": str(tmp_path)}

    with pytest.raises(StudioError, match="LATENCY_S_FILE names no file to read: Is a directory"):
        Programs(env, Path("/data"), Path("/data/logs")).sandbox(1)


@pytest.mark.parametrize(("given", "words"), [({}, []), ({"STUDIO_SANDBOX_LATENCY_S": "2"}, ["2"])])
def test_the_sandbox_is_as_slow_as_the_person_says(given: dict[str, str], words: list[str]) -> None:
    argv = Programs(given, Path("/data"), Path("/data/logs")).sandbox(1234).argv

    assert argv[argv.index("--port") + 1] == "1234"
    assert [argv[n + 1] for n, word in enumerate(argv) if word == "--latency-s"] == words


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5"])
def test_without_a_number_of_web_processes_it_does_not_start(given: str) -> None:
    troupe = Programs({"STUDIO_WEB_PROCESSES": given}, Path("/data"), Path("/data/logs"))

    with pytest.raises(StudioError, match="STUDIO_WEB_PROCESSES"):
        list(troupe.webs(7))


@pytest.mark.parametrize(("given", "threads"), [({}, "200"), ({"STUDIO_WORKER_THREADS": "5"}, "5")])
def test_it_has_as_many_threads_as_the_person_says(given: dict[str, str], threads: str) -> None:
    worker = Programs(given, Path("/data"), Path("/data/logs")).worker()

    assert worker.argv[worker.argv.index("-c") + 1] == threads


def test_it_stops_the_worker_first_and_the_database_last() -> None:
    troupe = Programs({}, Path("/data"), Path("/data/logs"))

    waves = [c.stop_wave for c in (troupe.worker(), troupe.sweeper(), troupe.sandbox(1))]

    assert waves == sorted(waves)
    assert troupe.web(1, 3).stop_wave == troupe.sweeper().stop_wave


def test_it_fills_in_what_the_person_left_open() -> None:
    env = environment_of_children({"REDIS_URL": "redis://mine"}, Path("/data"), "key", ENGINES)

    assert env["DATABASE_URL"] == "postgres://embedded"
    assert env["REDIS_URL"] == "redis://mine"
    assert env["STUDIO_SECRET_KEY"] == "key"
    assert env["STUDIO_DATA"] == "/data"


def test_no_file_leads_its_children_to_another_data_folder() -> None:
    env = environment_of_children({"STUDIO_DATA_FILE": "/elsewhere"}, Path("/data"), "key", ENGINES)

    assert (env["STUDIO_DATA"], "STUDIO_DATA_FILE" in env) == ("/data", False)


def test_it_keeps_the_way_to_the_embedded_database_straight() -> None:
    embedded = environment_of_children(PERSON, Path("/data"), "key", ENGINES)
    own = environment_of_children(PERSON, Path("/data"), "key", {})

    assert "PGHOST" not in embedded
    assert own["PGHOST"] == "elsewhere"


def test_its_children_compile_the_project_once() -> None:
    person = {"PYTHONDONTWRITEBYTECODE": "1"}

    env = environment_of_children(person, Path("/data"), "key", {})

    assert "PYTHONDONTWRITEBYTECODE" not in env
    assert "PYTHONDONTWRITEBYTECODE" in person


def test_it_keeps_a_signing_key_that_lies_in_a_file() -> None:
    person = {"STUDIO_SECRET_KEY_FILE": "/run/secrets/key", "DATABASE_URL": ""}

    env = environment_of_children(person, Path("/data"), "key", ENGINES)

    assert "STUDIO_SECRET_KEY" not in env
    assert env["DATABASE_URL"] == "postgres://embedded"


def test_it_tells_other_commands_no_more_than_they_need() -> None:
    shared = shared_with_commands(PERSON | ENGINES)

    assert shared == ENGINES


def test_it_takes_a_file_for_a_value() -> None:
    assert is_set({"DATABASE_URL_FILE": "/run/secrets/url"}, "DATABASE_URL")
    assert not is_set({"DATABASE_URL": ""}, "DATABASE_URL")
