"""The key stays where it belongs, and the environment has no say."""

from __future__ import annotations

import pickle
import socket
import traceback
from pathlib import Path

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import ImagesApiError
from imagestudio.images_api.providers import Provider
from tests.images_api.conftest import KEY, OTTER, Ask
from tests.upstream import (
    Behaviour,
    ScriptedUpstream,
    cut,
    html,
    redirect,
    reply,
    reset_after_request,
)


def test_it_ignores_the_proxies_of_the_environment(
    ask: Ask, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedUpstream() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")

        ask()

        assert proxy.connection_count == 0
    assert len(upstream.calls) == 1


def test_it_ignores_passwords_that_lie_about(
    ask: Ask, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password eve")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    ask()

    assert upstream.calls[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "behaviour",
    [
        reply({"error": {"message": "no"}}, 401),
        reply({"error": {"message": "slow"}}, 429),
        html(502),
        html(200),
        cut(500),
        reset_after_request(),
        redirect("http://127.0.0.1:1/"),
    ],
    ids=range(7),
)
def test_it_never_shows_the_key_in_an_error(
    ask: Ask, upstream: ScriptedUpstream, behaviour: Behaviour
) -> None:
    upstream.script(behaviour)

    with pytest.raises(ImagesApiError) as caught:
        ask()

    assert KEY not in _all_that_it_says(caught.value)


def test_it_never_shows_the_key_when_nobody_is_there(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"

        with pytest.raises(ImagesApiError) as caught:
            ImagesClient(Provider("x", address, KEY)).generate(OTTER, into=tmp_path, call=Call(20))

    assert KEY not in _all_that_it_says(caught.value)


def test_it_drags_along_no_exception_that_holds_the_headers(
    ask: Ask, upstream: ScriptedUpstream
) -> None:
    upstream.script(reset_after_request())

    with pytest.raises(ImagesApiError) as caught:
        ask()

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_it_never_shows_the_key_of_a_provider() -> None:
    provider = Provider("x", "https://api.example.com/v1", KEY)

    assert KEY not in repr(provider)
    assert KEY not in str(provider)
    assert KEY not in repr(ImagesClient(provider))


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY} x", f"{KEY}é", f"\t{KEY}", f"{KEY}\x00"])
def test_it_refuses_a_key_that_would_break_a_header(key: str) -> None:
    with pytest.raises(ValueError, match="Provider x: its key holds") as caught:
        Provider("x", "https://api.example.com/v1", key)

    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "api.example.com/v1",
        "ftp://api.example.com",
        "https://",
        "https://eve:secret@api.example.com/v1",
        "https://api.example.com/v1?key=1",
        "https://api.example.com/v1#x",
    ],
)
def test_it_refuses_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ValueError, match="its address"):
        Provider("x", address, KEY)


def test_it_sends_no_empty_key(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    ImagesClient(Provider("x", upstream.base_url, "")).generate(OTTER, into=tmp_path, call=Call(20))

    assert "authorization" not in upstream.calls[0].headers


def _all_that_it_says(error: ImagesApiError) -> str:
    pickled = pickle.dumps(error.__dict__).decode("latin-1")
    told = "".join(traceback.format_exception(error))
    return f"{error!s} {error!r} {error.__dict__} {pickled} {told}"
