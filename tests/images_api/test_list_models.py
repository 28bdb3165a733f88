from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.errors import AccountFault, ImagesApiError, NotSent
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.lifecycle import ListedModel
from tests.images_api.conftest import KEY
from tests.upstream import Behaviour, ScriptedUpstream, cut, hang, html, redirect, reply

LIST = {"object": "list", "data": [{"id": "gpt-image-2", "shutdown_date": "2027-03-01"}]}


def test_it_asks_for_the_models(client: ImagesClient, upstream: ScriptedUpstream) -> None:
    upstream.script(reply(LIST))

    listed = client.list_models(call=Call(20))

    assert listed == (ListedModel("gpt-image-2", date(2027, 3, 1)),)
    [call] = upstream.calls
    assert (call.method, call.path) == ("GET", "/v1/models")
    assert call.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("coding", ["gzip", ""])
def test_field_f05_it_unpacks_the_list(
    client: ImagesClient, upstream: ScriptedUpstream, coding: str
) -> None:
    packed = gzip.compress(json.dumps(LIST).encode())
    upstream.script(reply(packed, headers={"Content-Encoding": coding}))

    assert [model.name for model in client.list_models(call=Call(20))] == ["gpt-image-2"]


@pytest.mark.parametrize(
    "behaviour", [html(200), cut(10, LIST), redirect("http://127.0.0.1:1/"), hang()], ids=range(4)
)
def test_a_list_that_cannot_be_read_costs_nothing(
    client: ImagesClient, upstream: ScriptedUpstream, behaviour: Behaviour
) -> None:
    upstream.script(behaviour)

    with pytest.raises(ImagesApiError) as caught:
        client.list_models(call=Call(1))

    assert KEY not in str(caught.value.__dict__)


def test_it_says_when_the_key_is_wrong(client: ImagesClient, upstream: ScriptedUpstream) -> None:
    upstream.script(reply({"error": {"message": "no", "code": "invalid_api_key"}}, 401))

    with pytest.raises(AccountFault):
        client.list_models(call=Call(20))


def test_it_asks_no_server_that_has_no_list(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    entry: dict[str, Any] = {"name": "x", "base_url": upstream.base_url, "api_key": KEY}
    provider = from_json({**entry, "can_list_models": False})

    assert ImagesClient(provider).list_models(call=Call(20)) == ()
    assert upstream.connection_count == 0


def test_it_says_so_when_nobody_is_there() -> None:
    provider = from_json({"name": "x", "base_url": "http://127.0.0.1:1/v1", "api_key": KEY})

    with pytest.raises(NotSent, match="list of models could not be read"):
        ImagesClient(provider).list_models(call=Call(5))
