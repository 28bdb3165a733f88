"""The way to a service: through a company's proxy, and past a certificate authority of its own."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import NotSent
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.providers import Provider
from tests.images_api.conftest import KEY, OTTER
from tests.images_api.test_tls import FOLDER, secure_upstream
from tests.upstream import ScriptedUpstream

AUTHORITY = str(FOLDER / "authority.pem")
PASSWORD = "p@ss:word"


class Proxy:
    """Opens tunnels and hands on plain requests, to where the test says whatever they name."""

    def __init__(self, target_port: int, *, refusal: bytes = b"") -> None:
        self.heads: list[bytes] = []
        self._refusal = refusal
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._is_closed = False
        self._begin(self._listen)

    def close(self) -> None:
        self._is_closed = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._is_closed:
                client.close()
                return
            self._begin(self._serve, client)

    def _begin(self, work: Callable[..., None], *given: object) -> None:
        self._threads.append(threading.Thread(target=work, args=given, daemon=True))
        self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65_536)
            self.heads.append(head)
            if self._refusal:
                client.sendall(self._refusal)
                return
            with socket.create_connection(("127.0.0.1", self._target_port)) as server:
                if head.startswith(b"CONNECT"):
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    server.sendall(head)
                up = threading.Thread(target=_copy, args=(client, server), daemon=True)
                up.start()
                _copy(server, client)
                up.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy_to() -> Iterator[Callable[..., Proxy]]:
    opened: list[Proxy] = []

    def open_proxy(upstream: ScriptedUpstream, **options: Any) -> Proxy:
        opened.append(Proxy(port_of(upstream), **options))
        return opened[-1]

    yield open_proxy
    for proxy in opened:
        proxy.close()


@pytest.fixture
def secure() -> Iterator[ScriptedUpstream]:
    with secure_upstream() as upstream:
        yield upstream


def provider(upstream: ScriptedUpstream, **fields: Any) -> Provider:
    return replace(Provider("house", upstream.base_url, KEY), **fields)


def ask(service: Provider, folder: Path) -> int:
    return len(ImagesClient(service).generate(OTTER, into=folder, call=Call(20)).images)


def authorization() -> bytes:
    return b"Basic " + base64.b64encode(f"carol:{PASSWORD}".encode())


def test_field_f16_a_certificate_authority_of_ones_own_is_a_setting(
    secure: ScriptedUpstream, tmp_path: Path
) -> None:
    assert ask(provider(secure, ca_file=AUTHORITY), tmp_path) == 1
    with pytest.raises(NotSent, match="certificate is not to be trusted"):
        ask(provider(secure), tmp_path)


def test_field_f16_the_authority_of_one_service_is_not_trusted_for_another(tmp_path: Path) -> None:
    with secure_upstream("elsewhere.pem") as upstream:
        service = provider(upstream, ca_file=AUTHORITY)
        with pytest.raises(NotSent, match="certificate is not to be trusted"):
            ask(service, tmp_path)


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_field_f16_an_unreadable_file_of_authorities_is_named(
    secure: ScriptedUpstream, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)

    with pytest.raises(NotSent, match="ca_file of house could not be read: ") as caught:
        ask(provider(secure, ca_file=str(file)), tmp_path)

    assert caught.value.code == "tls"
    assert secure.calls == []


def test_field_f16_a_call_over_tls_goes_through_the_proxy_and_is_read_by_nobody(
    secure: ScriptedUpstream, tmp_path: Path, proxy_to: Callable[..., Proxy]
) -> None:
    proxy = proxy_to(secure)
    way = f"http://carol:p%40ss%3Aword@127.0.0.1:{proxy.port}"

    assert ask(provider(secure, ca_file=AUTHORITY, proxy=way), tmp_path) == 1

    [head] = proxy.heads
    assert head.startswith(f"CONNECT localhost:{port_of(secure)} HTTP/1.".encode())
    assert authorization() in head
    assert KEY.encode() not in head
    assert "proxy-authorization" not in secure.calls[0].headers


def test_field_f16_a_plain_call_is_handed_to_the_proxy_with_its_whole_address(
    upstream: ScriptedUpstream, tmp_path: Path, proxy_to: Callable[..., Proxy]
) -> None:
    proxy = proxy_to(upstream)
    service = provider(
        upstream,
        base_url="http://images.house.invalid/v1",
        proxy=f"http://carol:p%40ss%3Aword@127.0.0.1:{proxy.port}",
    )

    assert ask(service, tmp_path) == 1

    [head] = proxy.heads
    assert head.startswith(b"POST http://images.house.invalid/v1/images/generations HTTP/1.1\r\n")
    assert b"host: images.house.invalid\r\n" in head.lower()
    assert authorization() in head


def test_field_f16_the_list_of_models_goes_the_same_way(
    secure: ScriptedUpstream, tmp_path: Path, proxy_to: Callable[..., Proxy]
) -> None:
    proxy = proxy_to(secure)
    way = f"http://127.0.0.1:{proxy.port}"
    service = provider(secure, ca_file=AUTHORITY, proxy=way)

    ImagesClient(service).list_models(call=Call(20))

    assert len(proxy.heads) == 1


def test_field_f16_a_proxy_that_refuses_is_told_from_a_service_that_does(
    secure: ScriptedUpstream, tmp_path: Path, proxy_to: Callable[..., Proxy]
) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    proxy = proxy_to(secure, refusal=refusal)

    with pytest.raises(NotSent, match="its proxy let no call through") as caught:
        ask(provider(secure, proxy=f"http://127.0.0.1:{proxy.port}"), tmp_path)

    assert caught.value.code == "proxy"
    assert secure.calls == []


def test_field_f16_a_proxy_that_is_away_is_named_as_such(
    secure: ScriptedUpstream, tmp_path: Path
) -> None:
    with pytest.raises(NotSent, match="its proxy could not be reached"):
        ask(provider(secure, proxy="http://127.0.0.1:1"), tmp_path)


def test_field_f16_nothing_of_the_environment_leads_a_call_away(
    upstream: ScriptedUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert ask(provider(upstream), tmp_path) == 1


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy:3128",
        "http://proxy",
        "socks5://proxy:1080",
        "http://proxy:99999",
        "http://p:1/x",
        "//",
    ],
)
def test_field_f16_it_says_how_a_proxy_is_written_and_shows_no_password(proxy: str) -> None:
    entry = {"name": "house", "base_url": "https://x.example/v1", "api_key": KEY, "proxy": proxy}

    with pytest.raises(ValueError, match="house: proxy must be an address like http://user:"):
        from_json(entry)


def test_field_f16_who_may_look_into_tls_is_not_taken_for_the_service() -> None:
    official = {"name": "openai", "api_key": KEY}

    assert from_json(official).is_direct
    assert from_json({**official, "proxy": "http://proxy.example:3128"}).is_direct
    assert not from_json({**official, "ca_file": AUTHORITY}).is_direct


def test_field_f16_a_proxys_password_is_in_no_text() -> None:
    entry = {"name": "house", "base_url": "https://x.example/v1", "api_key": KEY}
    service = from_json({**entry, "proxy": "http://carol:secret-8d1f@proxy.example:3128"})

    assert "secret-8d1f" not in repr(service)


def port_of(upstream: ScriptedUpstream) -> int:
    return int(upstream.base_url.rsplit(":", 1)[1].split("/")[0])
