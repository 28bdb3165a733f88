"""While object storage is away pictures are late: never gone, never damaged, never bought twice."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from imagestudio.web.storage_url import storage_of
from jobs.models import Job
from jobs.services.run.worker import run
from jobs.states import State
from tests.conftest import MakeJob
from tests.gateway.asgi import MODEL, Program
from tests.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)

GENERATIONS, EDITS = "/v1/images/generations", "/v1/images/edits"
OTTER = {"model": MODEL, "prompt": "an otter"}
LATER = {"Prefer": "respond-async"}

SignIn = Callable[[User], Client]
Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Away:
    """Storage is a bucket for a while, and nobody answers there."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "alice")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a long enough secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    dead = storage_of(f"s3://studio?endpoint=http://127.0.0.1:{port}&region=us-east-1")

    @contextmanager
    def leave() -> Iterator[None]:
        before = settings.STORAGES
        settings.STORAGES = before | {"default": dead}
        yield
        settings.STORAGES = before

    return leave


def test_a_picture_on_a_page_is_told_to_be_away_and_not_to_be_gone(
    away: Away, alice: User, make_job: MakeJob, client_of: SignIn
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()

    with away():
        response = client_of(alice).get(f"/images/{image.pk}/original")

    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("fields", [{}, {"stream": True}])
@pytest.mark.parametrize(
    ("first", "repeat"),
    [
        ({"Idempotency-Key": "order 7"}, {"Idempotency-Key": "order 7"}),
        ({"X-Stainless-Retry-Count": "0"}, {"X-Stainless-Retry-Count": "1"}),
    ],
)
def test_a_paid_picture_comes_when_storage_is_back(
    fields: dict[str, object],
    first: dict[str, str],
    repeat: dict[str, str],
    away: Away,
    program: Program,
    upstream: ScriptedUpstream,
    settings: Any,
) -> None:
    settings.GATEWAY_WAIT_S = 0.05
    program.call("POST", GENERATIONS, OTTER | fields, headers=first)
    run(Job.objects.get().pk)
    settings.GATEWAY_WAIT_S = 60

    with away():
        late = program.call("POST", GENERATIONS, OTTER | fields, headers=repeat)
    answer = program.call("POST", GENERATIONS, OTTER | fields, headers=repeat)

    assert (late.status, late.error["code"]) == (504, "still_running")
    assert late.headers["x-should-retry"] == "true"
    assert answer.status == 200
    assert len(upstream.calls) == Job.objects.count() == 1


def test_the_result_of_a_job_is_told_to_be_late(
    away: Away, program: Program, upstream: ScriptedUpstream
) -> None:
    order = program.call("POST", GENERATIONS, OTTER, headers=LATER)
    run(Job.objects.get().pk)
    place = f"/v1/studio/jobs/{order.job_id}/result"

    with away():
        late = program.call("GET", place)

    assert (late.status, late.error["code"]) == (504, "still_running")
    assert program.call("GET", place).status == 200


def test_an_edit_of_a_picture_that_cannot_be_read_starts_nothing(
    away: Away, program: Program, make_job: MakeJob
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()
    fields = {"model": MODEL, "prompt": "a hat", "images": [{"file_id": str(image.pk)}]}

    with away():
        answer = program.call("POST", EDITS, fields, headers=LATER)

    assert (answer.status, answer.error["code"]) == (503, "server_is_overloaded")
    assert Job.objects.count() == 1
