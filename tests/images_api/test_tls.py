"""Certificates for these tests: an authority that signed `localhost` and `elsewhere.example`."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from imagestudio.images_api import transport
from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import NotSent, OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.providers import Provider
from tests.images_api.conftest import KEY, OTTER
from tests.images_api.events import completed, partial, stream
from tests.images_api.test_fetch import resolve_to
from tests.upstream import (
    Connection,
    ScriptedUpstream,
    hang,
    images_answer,
    png_bytes,
    reply,
    response_bytes,
)

FOLDER = Path(__file__).parent / "tls"


@pytest.fixture
def trusted() -> Iterator[None]:
    """Let the process trust the test authority besides the real ones."""
    transport.shared_tls_context().load_verify_locations(FOLDER / "authority.pem")
    yield
    transport.shared_tls_context.cache_clear()


@contextmanager
def secure_upstream(certificate: str = "localhost.pem") -> Iterator[ScriptedUpstream]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / certificate)
    with ScriptedUpstream(context) as upstream:
        yield upstream


def client_of(upstream: ScriptedUpstream) -> ImagesClient:
    return ImagesClient(Provider("secure", upstream.base_url, KEY))


def test_it_calls_over_tls(trusted: None, tmp_path: Path) -> None:
    with secure_upstream() as upstream:
        answer = client_of(upstream).generate(OTTER, into=tmp_path, call=Call(20))

    assert len(answer.images) == 1


def test_it_loads_the_authorities_once(trusted: None, tmp_path: Path) -> None:
    with secure_upstream() as upstream:
        client_of(upstream).generate(OTTER, into=tmp_path / "first", call=Call(20))
        loaded = transport.shared_tls_context.cache_info().misses
        for number in range(3):
            client_of(upstream).generate(OTTER, into=tmp_path / str(number), call=Call(20))

    assert transport.shared_tls_context.cache_info().misses == loaded


def test_it_sends_nothing_to_an_unknown_authority(tmp_path: Path) -> None:
    with secure_upstream() as upstream:
        with pytest.raises(NotSent, match="certificate is not to be trusted") as caught:
            client_of(upstream).generate(OTTER, into=tmp_path, call=Call(20))

        assert upstream.calls == []
    assert caught.value.code == "tls"


def test_it_sends_nothing_to_another_host(trusted: None, tmp_path: Path) -> None:
    with secure_upstream("elsewhere.pem") as upstream:
        with pytest.raises(NotSent, match="certificate is not to be trusted"):
            client_of(upstream).generate(OTTER, into=tmp_path, call=Call(20))

        assert upstream.calls == []


def test_it_sends_nothing_where_no_tls_is_spoken(tmp_path: Path) -> None:
    with ScriptedUpstream() as upstream:
        address = upstream.base_url.replace("http://", "https://")
        upstream.script(lambda connection: connection.send(b"HTTP/1.1 400 Plain\r\n\r\n" * 9))

        with pytest.raises(NotSent) as caught:
            ImagesClient(Provider("x", address, KEY)).generate(OTTER, into=tmp_path, call=Call(20))

    assert caught.value.code == "tls"


def test_it_ends_a_handshake_that_drips(tmp_path: Path) -> None:
    def greet_slowly(connection: Connection) -> None:
        connection.send(b"\x16\x03\x03\x3f\xff")
        while not connection.wait_for_release(0.02):
            connection.send(b"\x00")

    with ScriptedUpstream() as upstream:
        upstream.script(greet_slowly)
        address = upstream.base_url.replace("http://", "https://")

        with pytest.raises(NotSent) as caught:
            ImagesClient(Provider("x", address, KEY)).generate(OTTER, into=tmp_path, call=Call(0.5))

    assert caught.value.code == "deadline"


@pytest.mark.parametrize("is_silent", [True, False])
def test_it_ends_at_its_deadline_over_tls(trusted: None, tmp_path: Path, is_silent: bool) -> None:
    def answer_half(connection: Connection) -> None:
        connection.read_request()
        connection.send(response_bytes(images_answer())[:2_000])
        connection.wait_for_release()

    with secure_upstream() as upstream:
        upstream.script(hang() if is_silent else answer_half)

        with pytest.raises(OutcomeUnknown) as caught:
            client_of(upstream).generate(OTTER, into=tmp_path, call=Call(0.6))

    assert caught.value.code == "deadline"


def test_it_streams_over_tls(trusted: None, tmp_path: Path) -> None:
    seen: list[int] = []
    with secure_upstream() as upstream:
        upstream.script(stream(partial(), completed(), piece=500))
        answer = client_of(upstream).generate(
            replace(OTTER, partial_images=1),
            into=tmp_path,
            call=Call(20),
            on_partial=lambda index, _: seen.append(index),
        )

    assert len(answer.images) == 1
    assert seen == [0]


@pytest.mark.parametrize(
    ("certificate", "problem"),
    [("elsewhere.pem", None), ("localhost.pem", "it could not be fetched")],
)
def test_it_fetches_from_a_checked_address_under_the_name_that_was_given(
    trusted: None,
    tmp_path: Path,
    upstream: ScriptedUpstream,
    monkeypatch: pytest.MonkeyPatch,
    certificate: str,
    problem: str | None,
) -> None:
    with secure_upstream(certificate) as store:
        store.script(reply(png_bytes()), reply(png_bytes()))
        host = f"elsewhere.example:{store.port}"
        upstream.script(reply({"data": [{"url": f"https://{host}/a.png"}]}))
        resolve_to(monkeypatch, "127.0.0.1")
        provider = Provider("x", upstream.base_url, KEY, answers="url", url_hosts=(host,))
        client = ImagesClient(provider)

        if problem:
            with pytest.raises(UnusableAnswer, match=problem):
                client.generate(OTTER, into=tmp_path, call=Call(20))
        else:
            answer = client.generate(OTTER, into=tmp_path, call=Call(20))
            assert answer.images[0].path.read_bytes() == png_bytes()
