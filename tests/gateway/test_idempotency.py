"""One order for one Idempotency-Key, however often it is sent."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from imagestudio.accounts.models import Team, User
from imagestudio.images_api.aliases import retired_names
from jobs.models import Caller, Job
from jobs.services.programs import idempotency, keys
from jobs.services.programs.keys import Made, Terms
from tests.conftest import MakeJob
from tests.gateway.asgi import MODEL, Exchange, Meanwhile, Program
from tests.gateway.conftest import leave_one_behind
from tests.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)

GENERATIONS = "/v1/images/generations"
OTTER = {"model": MODEL, "prompt": "an otter"}
KEY = {"Idempotency-Key": "order 7"}


def test_the_same_again_gives_the_same_answer(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    first = program.call("POST", GENERATIONS, OTTER, headers=KEY, meanwhile=worker)

    second = program.call("POST", GENERATIONS, OTTER, headers=KEY)

    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body
    assert second.headers["x-studio-idempotent-replay"] == "true"
    assert len(upstream.calls) == Job.objects.count() == 1


def test_twins_wait_for_the_same_job(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    twins = [program.generation(KEY), program.generation(KEY), program.generation(KEY)]

    answers = program.together(twins, worker)

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len(upstream.calls) == Job.objects.count() == 1


def test_another_body_is_refused(program: Program, settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 0.01
    program.call("POST", GENERATIONS, OTTER, headers=KEY)

    answer = program.call("POST", GENERATIONS, OTTER | {"n": 2}, headers=KEY)

    assert (answer.status, answer.error["code"]) == (422, "idempotency_key_reused")
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("headers", [KEY, {"X-Stainless-Retry-Count": "1"}, {}])
@pytest.mark.parametrize("successor", [{"pix": MODEL}, {}])
def test_a_repeat_finds_its_job_though_the_model_has_ended(
    headers: dict[str, str], successor: dict[str, str], program: Program, settings: Any
) -> None:
    settings.GATEWAY_WAIT_S = 0.01
    [service] = settings.PROVIDERS
    settings.PROVIDERS = (replace(service, models=("pix", MODEL)),)
    first = program.call("POST", GENERATIONS, OTTER | {"model": "pix"}, headers=headers)

    settings.PROVIDERS = (replace(service, models=(MODEL,)),)
    settings.GATEWAY_MODEL_ALIASES = retired_names(successor)
    again = program.call("POST", GENERATIONS, OTTER | {"model": "pix"}, headers=headers)

    assert again.status == 504
    assert again.job_id == first.job_id
    assert Job.objects.count() == 1


def test_a_new_order_for_a_model_that_has_ended_is_refused_beside_others(
    program: Program, settings: Any
) -> None:
    settings.GATEWAY_WAIT_S = 0.01
    program.call("POST", GENERATIONS, OTTER)

    answer = program.call("POST", GENERATIONS, OTTER | {"model": "pix"})

    assert (answer.status, answer.error["code"]) == (404, "model_not_found")


def test_what_was_refused_is_not_remembered(program: Program, settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 0.01
    assert program.call("POST", GENERATIONS, OTTER | {"n": 99}, headers=KEY).status == 400

    answer = program.call("POST", GENERATIONS, OTTER, headers=KEY)

    assert (answer.status, answer.error["code"]) == (504, "still_running")
    assert answer.headers["x-should-retry"] == "true"


def test_each_key_has_its_own(program: Program, alice: User, team: Team, settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 0.01
    other = Program(keys.create(alice, team, Terms(name="another")).secret)

    for each in (program, other):
        each.call("POST", GENERATIONS, OTTER, headers=KEY)

    assert Job.objects.count() == 2


def test_after_a_day_the_key_is_free_again(program: Program, settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 0.01
    program.call("POST", GENERATIONS, OTTER, headers=KEY)
    Job.objects.update(created_at=Now() - timedelta(hours=25))

    program.call("POST", GENERATIONS, OTTER, headers=KEY)

    assert Job.objects.count() == 2


@pytest.mark.parametrize("text", ["", "x" * 256])
def test_a_key_has_a_length(text: str, program: Program) -> None:
    answer = program.call("POST", GENERATIONS, OTTER, headers={"Idempotency-Key": text})

    assert (answer.status, answer.error["param"]) == (400, "Idempotency-Key")


AGAIN = {"X-Stainless-Retry-Count": "1"}


def test_an_impatient_client_that_tries_again_pays_once(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    leave_one_behind(program)

    answer = program.call("POST", GENERATIONS, OTTER, headers=AGAIN, meanwhile=worker)

    assert answer.status == 200
    assert len(upstream.calls) == Job.objects.count() == 1


def test_what_was_left_behind_is_taken_up_once(program: Program, settings: Any) -> None:
    leave_one_behind(program)
    settings.GATEWAY_WAIT_S = 2.0

    answers = program.together([program.generation(AGAIN), program.generation(AGAIN)])

    assert Job.objects.count() == len({answer.job_id for answer in answers}) == 2


def test_who_counts_its_tries_is_told_to_come_back(program: Program, settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 0.01

    first = program.call("POST", GENERATIONS, OTTER, headers={"X-Stainless-Retry-Count": "0"})
    second = program.call("POST", GENERATIONS, OTTER, headers=AGAIN)

    assert first.headers["x-should-retry"] == second.headers["x-should-retry"] == "true"
    assert first.job_id == second.job_id


@pytest.mark.parametrize(
    ("fields", "headers"), [({"prompt": "another otter"}, AGAIN), ({}, KEY), ({}, AGAIN | KEY)]
)
def test_nothing_else_is_taken_up(
    fields: dict[str, str], headers: dict[str, str], program: Program, settings: Any
) -> None:
    leave_one_behind(program)
    settings.GATEWAY_WAIT_S = 0.01

    program.call("POST", GENERATIONS, OTTER | fields, headers=headers)

    assert Job.objects.count() == 2


def test_without_a_key_two_are_two(program: Program, settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 0.01
    exchanges: list[Exchange] = [program.generation(), program.generation()]

    program.together(exchanges)

    assert Job.objects.count() == 2


def test_w20_a_twin_that_was_told_and_went_is_no_fault(
    made: Made, alice: User, make_job: MakeJob
) -> None:
    job = make_job()
    mine = idempotency.caller_of(made.key, "req_mine", "d")
    others: dict[str, Any] = {"job": job, "api_key": made.key, "digest": "d", "process": 1}

    def meet_twin(execute: Any, sql: str, *rest: Any) -> object:
        """The row is there when ours is written, and gone when somebody looks for it."""
        if not sql.startswith('INSERT INTO "jobs_caller"'):
            return execute(sql, *rest)
        elsewhere(lambda: Caller.objects.create(request_id="req_twin", **others))
        try:
            return execute(sql, *rest)
        finally:
            elsewhere(lambda: Caller.objects.all().delete())

    with connection.execute_wrapper(meet_twin), idempotency.transaction_of("req_mine"):
        idempotency.add_caller(mine, job)


def elsewhere(work: Callable[[], object]) -> None:
    def do() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


def test_w20_many_twins_at_once_make_one_job(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    answers = program.together([program.generation(KEY) for _ in range(8)], worker)

    assert {answer.status for answer in answers} == {200}
    assert Job.objects.count() == 1
