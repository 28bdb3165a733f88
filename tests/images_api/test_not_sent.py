"""When it is certain that nothing was carried out, and nothing spent."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import NotSent
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest
from tests.images_api.conftest import KEY, OTTER, Ask
from tests.upstream import ScriptedUpstream, reset_in_request


def test_it_knows_that_nothing_was_sent_when_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and not listening: refuses, and nobody else gets it.
        client = ImagesClient(Provider("x", f"http://127.0.0.1:{taken.getsockname()[1]}/v1", KEY))

        with pytest.raises(NotSent, match="refused the connection") as caught:
            client.generate(OTTER, into=tmp_path, call=Call(20))

    assert caught.value.code == "refused"


def test_it_knows_that_nothing_was_sent_when_the_name_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def know_no_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", know_no_name)
    client = ImagesClient(Provider("x", "http://nowhere.invalid/v1", KEY))

    with pytest.raises(NotSent, match="could not be resolved") as caught:
        client.generate(OTTER, into=tmp_path, call=Call(20))

    assert caught.value.code == "name_unknown"


def test_it_knows_that_nothing_was_carried_out_when_the_request_broke_off(
    ask: Ask, upstream: ScriptedUpstream
) -> None:
    upstream.script(reset_in_request(after=200_000))
    # More than the buffers of a connection hold, so that it cannot be handed over whole.
    request = ImageRequest(model="gpt-image-2", prompt="x" * 30_000_000)

    with pytest.raises(NotSent):
        ask(request)


def test_it_sends_nothing_for_a_call_that_was_given_up(
    ask: Ask, upstream: ScriptedUpstream
) -> None:
    call = Call(20)
    call.cut()

    with pytest.raises(NotSent) as caught:
        ask(call=call)

    assert caught.value.code == "deadline"
    assert upstream.connection_count == 0


def test_it_sends_nothing_after_the_deadline(ask: Ask, upstream: ScriptedUpstream) -> None:
    with pytest.raises(NotSent) as caught:
        ask(deadline_s=0)

    assert caught.value.code == "deadline"
    assert upstream.connection_count == 0


def test_it_sends_nothing_when_there_is_no_place_for_the_answer(
    client: ImagesClient, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(NotSent, match="folder for the answer") as caught:
        client.generate(OTTER, into=tmp_path / "file", call=Call(20))

    assert caught.value.code == "disk"
    assert upstream.connection_count == 0
