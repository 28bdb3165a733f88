"""Answers that name pictures in place of holding them: fetched with the greatest distrust."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api import fetch
from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import UnusableAnswer
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.types import Answer
from tests.images_api.conftest import KEY, OTTER
from tests.images_api.fetching import TRAPS, Asker
from tests.upstream import (
    Behaviour,
    ScriptedUpstream,
    cut,
    hang,
    html,
    png_bytes,
    redirect,
    reply,
)


@pytest.fixture
def store() -> Iterator[ScriptedUpstream]:
    """A second server, where the pictures lie; also the trap that must not be stepped on."""
    with ScriptedUpstream() as store:
        yield store


@pytest.fixture
def ask(upstream: ScriptedUpstream, tmp_path: Path) -> Asker:
    return Asker(upstream, tmp_path / "in")


def test_it_fetches_from_a_host_that_is_named_with_its_port(
    ask: Asker, store: ScriptedUpstream
) -> None:
    store.script(reply(png_bytes(), headers={"Content-Type": "image/png"}))

    answer = ask(f"http://127.0.0.1:{store.port}/a.png", url_hosts=[f"127.0.0.1:{store.port}"])

    [image] = answer.images
    assert image.path.read_bytes() == png_bytes()
    assert image.sha256 == hashlib.sha256(png_bytes()).hexdigest()
    assert (image.byte_count, image.problem) == (len(png_bytes()), None)
    assert Answer.from_json(answer.to_json(), image.path.parent) == answer


def test_it_shows_the_key_to_nobody_else(ask: Asker, store: ScriptedUpstream) -> None:
    store.script(reply(png_bytes()))

    ask(f"http://127.0.0.1:{store.port}/a.png", url_hosts=[f"127.0.0.1:{store.port}"])

    [call] = store.calls
    assert call.method == "GET"
    assert KEY not in str(call.headers)
    assert call.headers["accept-encoding"] == "identity"


def test_it_reads_an_address_as_relative_to_the_provider(
    ask: Asker, upstream: ScriptedUpstream
) -> None:
    upstream.script()
    host = f"127.0.0.1:{upstream.port}"
    client_answer = reply({"created": 1, "data": [{"url": "/generated/a.png"}]})
    upstream.script(client_answer, reply(png_bytes()))
    provider = from_json(
        {
            "name": "x",
            "base_url": upstream.base_url,
            "api_key": KEY,
            "answers": "url",
            "url_hosts": [host],
        }
    )

    answer = ImagesClient(provider).generate(OTTER, into=ask.folder, call=Call(20))

    assert answer.images[0].path.read_bytes() == png_bytes()
    assert upstream.calls[1].path == "/generated/a.png"


def test_it_reads_data_urls(ask: Asker) -> None:
    text = base64.b64encode(png_bytes()).decode()

    answer = ask(f"data:image/png;base64,{text}")

    assert answer.images[0].path.read_bytes() == png_bytes()


@pytest.mark.parametrize("url", ["data:,x", "data:image/png;base64,####", "data:image/png;base64,"])
def test_it_refuses_data_urls_that_are_none(ask: Asker, url: str) -> None:
    with pytest.raises(UnusableAnswer):
        ask(url)


@pytest.mark.parametrize("trap", TRAPS)
def test_it_never_goes_where_it_was_not_sent(
    ask: Asker, store: ScriptedUpstream, trap: str
) -> None:
    with pytest.raises(UnusableAnswer):
        ask(trap.format(port=store.port), url_hosts=["good.example"])

    assert store.connection_count == 0


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.8",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 It is the trap and no address to listen on.
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::a00:1",
        "2001:db8::1",
        "fec0::1",
        "::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:808:808::",
        "4000::1",
        "5f00::1",
    ],
)
def test_a_named_host_may_not_lead_into_a_private_network(
    ask: Asker, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolve_to(monkeypatch, "8.8.8.8", address)

    with pytest.raises(UnusableAnswer, match="leads into a private network"):
        ask("https://good.example/a.png", url_hosts=["good.example"])


def test_it_connects_to_the_address_that_it_checked(
    ask: Asker, store: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers otherwise the second time does not matter: nobody asks again."""
    asked = resolve_to(monkeypatch, "127.0.0.1")
    store.script(reply(png_bytes()))

    answer = ask(
        f"http://good.example:{store.port}/a.png", url_hosts=[f"good.example:{store.port}"]
    )

    assert answer.images[0].path.read_bytes() == png_bytes()
    assert asked.count("good.example") == 1
    assert store.calls[0].headers["host"] == f"good.example:{store.port}"


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name but those of our own servers resolve to these addresses, and note it."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        if host in {"127.0.0.1", *addresses}:
            return real(host, port, *rest, **named)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (redirect("http://127.0.0.1:1/"), "not on a host that may be fetched from"),
        (html(404), "answered with status 404"),
        (reply(b"x" * 2_000), "larger than 1,000 bytes"),
        (reply(b""), "it is empty"),
        (cut(10), "could not be fetched"),
        (hang(), "its deadline passed"),
    ],
)
def test_it_says_why_a_picture_could_not_be_fetched(
    ask: Asker,
    store: ScriptedUpstream,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Behaviour,
    words: str,
) -> None:
    monkeypatch.setattr("imagestudio.images_api.receive.MAX_PICTURE_BYTES", 1_000)
    store.script(*[behaviour] * 9)

    with pytest.raises(UnusableAnswer, match=words):
        ask(
            f"http://127.0.0.1:{store.port}/a.png",
            url_hosts=[f"127.0.0.1:{store.port}"],
            deadline_s=1,
        )


def test_one_picture_that_fails_spoils_no_other(ask: Asker, store: ScriptedUpstream) -> None:
    store.script(html(410), reply(png_bytes()))
    url = f"http://127.0.0.1:{store.port}/a.png"

    answer = ask(url, url, url_hosts=[f"127.0.0.1:{store.port}"])

    assert [bool(image.problem) for image in answer.images] == [True, False]


def test_it_fetches_nothing_from_hosts_that_nobody_named(
    ask: Asker, store: ScriptedUpstream
) -> None:
    with pytest.raises(UnusableAnswer, match="not on a host that may be fetched from"):
        ask(f"http://127.0.0.1:{store.port}/a.png", answers="b64_json")

    assert store.connection_count == 0


def test_a_name_that_is_unknown_is_said_to_be(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    def know_nothing(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", know_nothing)
    with pytest.raises(fetch.Unfetchable, match="could not be resolved"):
        fetch._resolved("good.example", 443)


def test_it_asks_again_for_what_is_paid_for(ask: Asker, store: ScriptedUpstream) -> None:
    store.script(cut(40, png_bytes()), reply(png_bytes()))

    answer = ask(f"http://127.0.0.1:{store.port}/fox.png", url_hosts=[f"127.0.0.1:{store.port}"])

    assert answer.images[0].path.read_bytes() == png_bytes()


def test_field_f05_it_keeps_an_address_that_did_not_answer(
    ask: Asker, store: ScriptedUpstream
) -> None:
    store.script(*[html(500)] * 9)
    url = f"http://127.0.0.1:{store.port}/fox.png?sig=abc"

    with pytest.raises(UnusableAnswer):
        ask(url, url_hosts=[f"127.0.0.1:{store.port}"], deadline_s=2)

    assert (ask.folder / "url-0.address").read_text() == url
