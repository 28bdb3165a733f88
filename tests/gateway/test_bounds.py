"""How much one client may take: places, uploads, bytes and time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from imagestudio.accounts.models import Membership, Role, Scope, Team, User
from jobs.models import Job, Upload
from jobs.services.programs import keys
from jobs.services.programs.keys import Terms
from jobs.states import State
from tests.conftest import MakeJob
from tests.gateway.asgi import MODEL, Answer, Exchange, Program
from tests.gateway.forms import FORM, form
from tests.sandbox.conftest import photo, png_of

pytestmark = pytest.mark.django_db(transaction=True)

GENERATIONS, EDITS = "/v1/images/generations", "/v1/images/edits"
OTTER = {"model": MODEL, "prompt": "an otter"}


@pytest.fixture
def few_places(settings: Any) -> None:
    """One for each member."""
    settings.GATEWAY_MAX_PENDING, settings.GATEWAY_WAIT_S = 4, 1.0


def program_of(owner: User, team: Team, *scopes: Scope) -> Program:
    terms = Terms(name="another", scopes=scopes or tuple(Scope))
    return Program(keys.create(owner, team, terms).secret)


def test_a_member_has_a_share_of_the_places(program: Program, few_places: None) -> None:
    answers = program.together([program.generation(), program.generation()])

    assert sorted(answer.status for answer in answers) == [429, 504]
    refused = min(answers, key=lambda answer: answer.status)
    assert (refused.error["code"], refused.headers["x-should-retry"]) == (
        "too_many_waiting",
        "true",
    )
    assert Job.objects.count() == 1


def test_what_one_takes_another_has_not_lost(
    program: Program, bob: User, team: Team, few_places: None
) -> None:
    his = program_of(bob, team)

    answers = program.together([program.generation(), his.generation()])

    assert [answer.status for answer in answers] == [504, 504]


def test_a_place_is_given_back(program: Program, few_places: None, settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 0.01

    assert [program.call("POST", GENERATIONS, OTTER).status for _ in range(2)] == [504, 504]


def test_replays_of_one_order_have_no_places_of_their_own(
    program: Program, few_places: None
) -> None:
    once = {"Idempotency-Key": "one"}

    answers = program.together([program.generation(once) for _ in range(3)])

    assert sorted(answer.status for answer in answers) == [429, 429, 504]


def test_who_waits_for_nothing_needs_no_place(program: Program, settings: Any) -> None:
    settings.GATEWAY_MAX_PENDING = 0

    assert program.call("GET", "/v1/models").status == 200


def send_picture(program: Program, **texts: str) -> Answer:
    body = form(OTTER | texts, [("image", png_of(photo(64, 64, "seagreen")))])
    return program.call("POST", EDITS, body=body, headers=FORM)


def test_pictures_of_refused_fields_are_not_stored(program: Program) -> None:
    assert send_picture(program, n="99").status == 400

    assert not Upload.objects.exists()


def test_pictures_of_who_may_only_look_are_not_stored(program: Program, alice: User) -> None:
    Membership.objects.filter(user=alice).update(role=Role.VIEWER)

    assert send_picture(program).status == 403

    assert not Upload.objects.exists()


def test_pictures_for_a_full_queue_are_not_stored(
    program: Program, settings: Any, make_job: MakeJob
) -> None:
    settings.GATEWAY_MAX_QUEUED = 1
    make_job()

    assert send_picture(program).error["code"] == "queue_full"

    assert not Upload.objects.exists()


def test_a_storage_that_is_away_is_told_as_such(program: Program, tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("no folder")

    answer = send_picture(program)

    assert (answer.status, answer.headers["x-should-retry"]) == (503, "true")
    assert not Job.objects.exists()


@pytest.mark.parametrize("scope", [Scope.GENERATE, Scope.EDIT])
def test_a_narrow_key_has_its_own_jobs(
    scope: Scope, alice: User, team: Team, make_job: MakeJob
) -> None:
    made = keys.create(alice, team, Terms(name="narrow", scopes=(scope,)))
    job = make_job(api_key=made.key)
    program, place = Program(made.secret), f"/v1/studio/jobs/{job.pk}"

    assert program.call("GET", place).json()["status"] == "queued"
    assert program.call("GET", f"{place}/result").status == 202
    assert program.call("POST", f"{place}/cancel").json()["status"] == "cancelled"


def test_a_narrow_key_has_no_other_jobs(alice: User, team: Team, make_job: MakeJob) -> None:
    job = make_job()
    program, place = program_of(alice, team, Scope.EDIT), f"/v1/studio/jobs/{job.pk}"

    for method, path in (("GET", place), ("GET", f"{place}/result"), ("POST", f"{place}/cancel")):
        answer = program.call(method, path)
        assert (answer.status, answer.error["code"]) == (403, "insufficient_scope")

    assert program.call("GET", "/v1/studio/images").status == 403
    assert Job.objects.get().state == State.QUEUED


def test_json_of_endless_parts_is_refused_unread(program: Program) -> None:
    body = b'{"prompt": [' + b"[]," * 300_000 + b"[]]}"

    answer = program.call("POST", GENERATIONS, body=body)

    assert (answer.status, answer.error["code"]) == (400, "invalid_json")
    assert "more parts" in answer.error["message"]


def test_a_prompt_of_nothing_but_commas_is_read(program: Program, settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 0.01

    assert program.call("POST", GENERATIONS, OTTER | {"prompt": "," * 32_000}).status == 504


class SlowExchange(Exchange):
    """Sends a byte now and then, for ever."""

    async def receive(self) -> Any:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}


def test_a_body_that_never_ends_is_given_up(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagestudio.web.chunked.SMALL_S", 0.1)
    usual = program.generation()

    [answer] = program.together([SlowExchange(usual.method, usual.target, usual.headers)])

    assert (answer.status, answer.error["code"]) == (408, "request_timeout")
    assert answer.headers["connection"] == "close"
