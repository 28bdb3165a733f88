"""Pictures at addresses that come late, lead elsewhere, or want the key: they are paid for."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from imagestudio.images_api import fetch
from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import UnusableAnswer
from imagestudio.images_api.known_servers import from_json
from tests.images_api.conftest import KEY, OTTER
from tests.images_api.events import event, stream
from tests.images_api.fetching import TRAPS, Asker
from tests.upstream import ScriptedUpstream, html, png_bytes, redirect, reply

OWN = "http://127.0.0.1:{own}/pic/a.png"
LISTED = "http://127.0.0.1:{port}/a.png"


@pytest.fixture
def store() -> Iterator[ScriptedUpstream]:
    """A second server, where the pictures lie; also the trap that must not be stepped on."""
    with ScriptedUpstream() as store:
        yield store


@pytest.fixture
def ask(upstream: ScriptedUpstream, tmp_path: Path) -> Asker:
    return Asker(upstream, tmp_path / "in")


@pytest.mark.parametrize("status", [403, 404, 409, 425, 429, 503])
def test_field_f05_it_waits_for_a_store_that_has_it_in_a_moment(
    ask: Asker, store: ScriptedUpstream, status: int
) -> None:
    store.script(html(status), html(status), reply(png_bytes()))

    answer = ask(LISTED.format(port=store.port), url_hosts=[f"127.0.0.1:{store.port}"])

    assert answer.images[0].path.read_bytes() == png_bytes()
    assert list(ask.folder.glob("*.address")) == []


def test_field_f05_it_waits_once_for_a_whole_answer(
    ask: Asker, store: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "PATIENCE_S", 0.2)
    store.script(*[html(404)] * 3, reply(png_bytes()))
    url = LISTED.format(port=store.port)

    answer = ask(url, url, url, url_hosts=[f"127.0.0.1:{store.port}"])

    assert [bool(image.problem) for image in answer.images] == [True, True, False]
    assert sorted(path.name for path in ask.folder.glob("*.address")) == [
        "url-0.address",
        "url-1.address",
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_field_f05_it_follows_an_address_to_another_listed_host(
    ask: Asker, store: ScriptedUpstream, status: int
) -> None:
    with ScriptedUpstream() as depot:
        store.script(redirect("/b.png", status), redirect(LISTED.format(port=depot.port), status))
        depot.script(reply(png_bytes()))
        hosts = [f"127.0.0.1:{store.port}", f"127.0.0.1:{depot.port}"]

        answer = ask(LISTED.format(port=store.port), url_hosts=hosts)

    assert answer.images[0].path.read_bytes() == png_bytes()
    assert [call.path for call in store.calls] == ["/a.png", "/b.png"]


@pytest.mark.parametrize("trap", [trap for trap in TRAPS if trap])
def test_field_f05_a_redirect_leads_nowhere_that_an_address_may_not(
    ask: Asker, store: ScriptedUpstream, trap: str
) -> None:
    with ScriptedUpstream() as depot:
        depot.script(redirect(trap.format(port=store.port)))

        with pytest.raises(UnusableAnswer):
            ask(
                LISTED.format(port=depot.port),
                url_hosts=[f"127.0.0.1:{depot.port}", "good.example"],
                deadline_s=2,
            )

    assert store.connection_count == 0


def test_field_f05_it_does_not_walk_in_circles(ask: Asker, store: ScriptedUpstream) -> None:
    store.script(*[redirect("/a.png")] * 20)

    with pytest.raises(UnusableAnswer, match="from one to the next"):
        ask(LISTED.format(port=store.port), url_hosts=[f"127.0.0.1:{store.port}"])

    assert store.connection_count == 6


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [("bearer", "authorization", f"Bearer {KEY}"), ("api-key", "api-key", KEY)],
)
def test_field_f05_the_provider_itself_gets_its_key_for_a_picture(
    ask: Asker, upstream: ScriptedUpstream, auth: str, header: str, value: str
) -> None:
    answer = reply({"created": 1, "data": [{"b64_json": "", "url": OWN.format(own=upstream.port)}]})
    upstream.script(answer, reply(png_bytes()))
    entry = {"name": "x", "base_url": upstream.base_url, "api_key": KEY, "auth": auth}

    got = ImagesClient(from_json(entry)).generate(OTTER, into=ask.folder, call=Call(20))

    assert got.images[0].path.read_bytes() == png_bytes()
    assert upstream.calls[1].headers[header] == value


def test_field_f05_the_key_follows_no_redirect(
    ask: Asker, upstream: ScriptedUpstream, store: ScriptedUpstream
) -> None:
    upstream.script(
        reply({"created": 1, "data": [{"url": OWN.format(own=upstream.port)}]}),
        redirect(LISTED.format(port=store.port), 302),
    )
    store.script(reply(png_bytes()))
    entry = {"name": "x", "base_url": upstream.base_url, "api_key": KEY}
    provider = from_json({**entry, "url_hosts": [f"127.0.0.1:{store.port}"]})

    answer = ImagesClient(provider).generate(OTTER, into=ask.folder, call=Call(20))

    assert answer.images[0].path.read_bytes() == png_bytes()
    assert KEY not in str(store.calls[0].headers)


def test_field_f05_a_server_at_another_port_is_not_the_provider(
    ask: Asker, store: ScriptedUpstream
) -> None:
    with pytest.raises(UnusableAnswer):
        ask(LISTED.format(port=store.port))

    assert store.connection_count == 0


@pytest.mark.parametrize("coding", ["gzip", ""])
def test_field_f05_it_unpacks_a_picture_that_it_fetches(
    ask: Asker, store: ScriptedUpstream, coding: str
) -> None:
    store.script(reply(gzip.compress(png_bytes()), headers={"Content-Encoding": coding}))

    answer = ask(LISTED.format(port=store.port), url_hosts=[f"127.0.0.1:{store.port}"])

    assert answer.images[0].path.read_bytes() == png_bytes()


def test_field_f05_it_fetches_what_an_event_names(
    ask: Asker, upstream: ScriptedUpstream, store: ScriptedUpstream
) -> None:
    upstream.script(stream(event("image_generation.completed", url=LISTED.format(port=store.port))))
    store.script(reply(png_bytes()))
    entry = {"name": "x", "base_url": upstream.base_url, "api_key": KEY}
    provider = from_json({**entry, "url_hosts": [f"127.0.0.1:{store.port}"]})

    answer = ImagesClient(provider).generate(
        replace(OTTER, stream=True), into=ask.folder, call=Call(20)
    )

    assert answer.images[0].path.read_bytes() == png_bytes()
