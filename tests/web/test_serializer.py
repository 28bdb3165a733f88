"""Whoever can write to Valkey may change a value there, and run nothing in our processes."""

import ast
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client

from imagestudio.accounts.models import User
from imagestudio.web import valkey
from imagestudio.web.serializer import JsonSerializer
from tests.corpus.cached_values import UNREADABLE, Planted, pickled_bomb
from tests.house.source import ROOT, name_of, python_files, tree_of

OURS = [*python_files("imagestudio", "jobs", "bench"), ROOT / "manage.py"]
RUNS_WHAT_IT_READS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"}


def plant(alias: str, key: str, data: int | bytes) -> None:
    """Write past our own code, as somebody with the server's password would."""
    valkey.client(settings.CACHE_URL).set(caches[alias].make_key(key), data, ex=60)


@pytest.mark.parametrize(
    "value", [{"a": [1, None, True]}, "é", 1.5, True, [], None, b"\x00\xff", 7]
)
def test_w05_it_keeps_what_we_write(value: object) -> None:
    caches["default"].set("kept", value)

    kept = caches["default"].get("kept")

    assert kept == value
    assert type(kept) is type(value)


def test_w05_it_lets_the_server_count() -> None:
    caches["default"].set("count", 1)

    assert caches["default"].incr("count") == 2
    assert caches["default"].get("count") == 2


@pytest.mark.parametrize("planted", UNREADABLE, ids=lambda planted: planted.name)
def test_w05_it_reads_nothing_that_we_have_not_written(planted: Planted) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - It says no more.
        JsonSerializer().loads(planted.data)


@pytest.mark.parametrize("alias", settings.CACHES)
def test_w05_it_runs_no_pickle_in_any_cache(alias: str, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    plant(alias, "k", pickled_bomb(str(mark)))

    try:
        caches[alias].get("k")
    except ValueError:
        assert alias == "default"  # A limit that can't be read must not open up.

    assert not mark.exists()


@pytest.mark.parametrize("planted", UNREADABLE, ids=lambda planted: planted.name)
def test_w05_it_asks_the_database_for_a_session_that_was_overwritten(
    planted: Planted, alice: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(alice)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    key = store(client.cookies[settings.SESSION_COOKIE_NAME].value).cache_key
    plant(settings.SESSION_CACHE_ALIAS, key, planted.data)

    assert client.get("/").status_code == 200


def test_w05_it_believes_no_session_that_was_made_up(alice: User) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    forged = {
        "_auth_user_id": str(alice.pk),
        "_auth_user_backend": settings.AUTHENTICATION_BACKENDS[0],
        "_auth_user_hash": "0" * 64,
    }
    plant(settings.SESSION_CACHE_ALIAS, store("z" * 32).cache_key, JsonSerializer().dumps(forged))
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "z" * 32

    assert client.get("/").status_code == 302


def test_w05_it_uses_the_serializer_in_every_cache_and_session() -> None:
    every = [caches[alias] for alias in settings.CACHES]
    used = {type(cache._cache._serializer) for cache in every}  # type: ignore[attr-defined]

    assert used == {JsonSerializer}
    assert settings.SESSION_SERIALIZER.endswith(".JSONSerializer")


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_w05_it_never_reads_a_format_that_can_run_code(path: Path) -> None:
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
        if isinstance(node, ast.Call):
            found.add({"yaml.load": "pickle"}.get(ast.unparse(node.func), ""))

    assert not found & RUNS_WHAT_IT_READS
