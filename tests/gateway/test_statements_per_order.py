"""How often accepting an order asks the database; each question is a part of its latency."""

import json
from collections.abc import Mapping
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.gateway.api import work
from jobs.gateway.api.calls import ApiCall, ApiRequest
from jobs.services.programs.keys import Made
from tests.gateway.asgi import MODEL, Exchange

pytestmark = pytest.mark.django_db(transaction=True)

KEY = {"Idempotency-Key": "order 7"}
FIRST, AGAIN = ({"X-Stainless-Retry-Count": str(count)} for count in range(2))
ASYNC = {"Prefer": "respond-async"}


def order(made: Made, headers: Mapping[str, str]) -> list[str]:
    body = json.dumps({"model": MODEL, "prompt": "an otter"}).encode()
    call = ApiCall.of(Exchange("POST", "/v1/images/generations", headers).scope)
    with CaptureQueriesContext(connection) as statements:
        work.generate(ApiRequest(call, made.key, {}, BytesIO(body), len(body)))
    return [each["sql"] for each in statements]


@pytest.mark.parametrize(
    ("headers", "most"),
    [({}, 17), (FIRST, 16), (AGAIN, 17), (KEY, 20), (ASYNC, 16), (KEY | AGAIN, 19)],
)
def test_a_new_order_takes_few(headers: dict[str, str], most: int, made: Made) -> None:
    assert len(order(made, headers)) <= most


@pytest.mark.parametrize(("headers", "most"), [(KEY, 12), (KEY | AGAIN, 11), (KEY | ASYNC, 12)])
def test_a_replay_takes_few(headers: dict[str, str], most: int, made: Made) -> None:
    order(made, KEY)

    assert len(order(made, headers)) <= most
