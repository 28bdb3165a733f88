"""One call of a webhook on its way: the name in its certificate, the one address, its deadline."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from jobs.services.programs import webhook_delivery
from jobs.services.programs.webhook_delivery import Unreachable, post
from tests.images_api.test_fetch import resolve_to
from tests.images_api.test_tls import FOLDER, secure_upstream
from tests.upstream import ScriptedUpstream, reply


@pytest.fixture(autouse=True)
def inside(settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def trusted() -> Iterator[None]:
    """Let webhooks trust the authority of the tests besides the real ones."""
    webhook_delivery._context().load_verify_locations(FOLDER / "authority.pem")
    yield
    webhook_delivery._context.cache_clear()


def test_the_certificate_is_that_of_the_name_and_nobody_resolves_it_again(
    trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve_to(monkeypatch, "127.0.0.1")
    with secure_upstream() as listener:
        listener.script(reply({}, 204))

        status = post(f"https://localhost:{listener.port}/hooks?a=1", b"{}", {"webhook-id": "1"})

        [call] = listener.calls
    assert (status, asked) == (204, ["localhost"])
    assert (call.method, call.path, call.body) == ("POST", "/hooks?a=1", b"{}")
    assert call.headers["host"] == f"localhost:{listener.port}"
    assert call.headers["webhook-id"] == "1"


def test_a_certificate_of_somebody_else_is_told_nothing(
    trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, "127.0.0.1")
    with secure_upstream("elsewhere.pem") as listener:
        with pytest.raises(Unreachable, match=r"^SSLCertVerificationError$"):
            post(f"https://localhost:{listener.port}/hooks", b"{}", {})

        assert listener.calls == []


def test_where_nobody_listens_it_is_said_in_the_words_of_the_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(Unreachable, match=r"^ConnectionRefusedError$"):
        post(f"http://127.0.0.1:{port}/hooks", b"{}", {})


def test_a_handshake_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_delivery, "DEADLINE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()

        with pytest.raises(Unreachable, match=r"^TimeoutError$"):
            post(f"https://127.0.0.1:{silent.getsockname()[1]}/hooks", b"{}", {})

    assert time.monotonic() - began < webhook_delivery.TIMEOUT_S / 2


def test_the_status_counts_and_not_the_rest_of_the_answer() -> None:
    with ScriptedUpstream() as listener:
        listener.script(reply(b"x" * 100_000, 200))

        assert post(f"{listener.base_url}/hooks", b"{}", {}) == 200
