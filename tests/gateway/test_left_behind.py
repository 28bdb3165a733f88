"""What a client left without its answer is given to its repeat, and to nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.core.cache import caches
from django.db import connection
from django.db.models.functions import Now

from imagestudio.accounts.models import Team, User
from jobs.models import Caller, Job, ProviderTrouble
from jobs.services.cancel import cancel
from jobs.services.programs import idempotency, keys
from jobs.services.programs.keys import Terms
from jobs.services.queue import providers
from jobs.states import State, Trouble
from tests.conftest import MakeJob
from tests.gateway.asgi import MODEL, Exchange, Meanwhile, Program
from tests.gateway.conftest import doing, leave_one_behind
from tests.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)

GENERATIONS = "/v1/images/generations"
OTTER = {"model": MODEL, "prompt": "an otter"}
FIRST, AGAIN = ({"X-Stainless-Retry-Count": str(count)} for count in range(2))
ELSEWHERE = 7  # The number of another process.


@pytest.fixture
def impatient(settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 0.05


@pytest.fixture
def other_process() -> Iterator[int]:
    """Lives, as far as the database knows."""
    known: Any = connection.get_connection_params()
    address = {name: known[name] for name in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**address, autocommit=True) as theirs:
        theirs.execute("SELECT pg_advisory_lock(%s, %s)", [idempotency.LIVING, ELSEWHERE])
        yield ELSEWHERE


def send_again(program: Program, **headers: str) -> str:
    return program.call("POST", GENERATIONS, OTTER, headers=AGAIN | headers).job_id


def test_a_job_of_any_age_is_taken_up_as_often_as_it_is_left(
    program: Program, impatient: None
) -> None:
    leave_one_behind(program)
    Job.objects.update(created_at=Now() - timedelta(hours=2))

    first, second = send_again(program), send_again(program)

    assert first == second == str(Job.objects.get().pk)


def test_a_busy_key_finds_its_own_among_many(
    program: Program, alice: User, impatient: None, make_job: MakeJob
) -> None:
    leave_one_behind(program)
    left = Job.objects.get()
    for _ in range(60):
        make_job(api_key=left.api_key, idempotency_hash="x")

    assert send_again(program) == str(left.pk)


def test_a_mark_is_forgotten_after_a_while(program: Program, impatient: None) -> None:
    leave_one_behind(program)
    Caller.objects.update(left_at=Now() - idempotency.LEFT_FOR)

    send_again(program)

    assert Job.objects.count() == 2


def test_valkey_may_lose_all_it_has(program: Program, impatient: None) -> None:
    leave_one_behind(program)
    caches["default"].clear()

    send_again(program)

    assert Job.objects.count() == 1


def test_another_visibility_is_another_order(program: Program, impatient: None) -> None:
    leave_one_behind(program)

    send_again(program, **{"X-Studio-Visibility": "team"})

    assert Job.objects.count() == 2


def test_showing_it_to_the_team_meanwhile_changes_nothing(
    program: Program, impatient: None
) -> None:
    leave_one_behind(program)
    Job.objects.update(visibility="team")

    send_again(program)

    assert Job.objects.count() == 1


def test_another_service_is_another_order(program: Program, impatient: None, settings: Any) -> None:
    leave_one_behind(program)
    settings.PROVIDERS = (*settings.PROVIDERS, replace(settings.PROVIDERS[0], name="house"))

    wish = OTTER | {"model": f"house/{MODEL}"}
    program.call("POST", GENERATIONS, wish, headers=AGAIN)

    assert Job.objects.count() == 2


def test_what_was_fetched_is_not_given_again(
    program: Program, impatient: None, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    late = program.call("POST", GENERATIONS, OTTER, headers=FIRST)
    place = f"/v1/studio/jobs/{late.job_id}/result"
    program.call("GET", place, meanwhile=worker)
    assert program.call("GET", place).status == 200

    assert send_again(program) != late.job_id


def test_what_was_told_at_once_is_not_given_again(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile, settings: Any
) -> None:
    told = program.call("POST", GENERATIONS, OTTER, headers=FIRST, meanwhile=worker)
    settings.GATEWAY_WAIT_S = 0.05

    assert send_again(program) != told.job_id
    assert Caller.objects.count() == 1


def test_what_came_to_nothing_meanwhile_is_told_and_not_bought_again(
    program: Program, alice: User
) -> None:
    leave_one_behind(program)
    cancel(alice, Job.objects.get())

    answer = program.call("POST", GENERATIONS, OTTER, headers=AGAIN)

    assert (answer.status, answer.error["code"]) == (409, "cancelled")
    assert Job.objects.count() == 1


def test_who_went_while_being_answered_was_not_told(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    exchange = DeafExchange.of(program.generation())
    program.together([exchange], worker)

    answer = program.call("POST", GENERATIONS, OTTER, headers=AGAIN)

    assert answer.status == 200
    assert len(upstream.calls) == Job.objects.count() == 1


class DeafExchange(Exchange):
    """Goes away as soon as the answer's head is there."""

    @classmethod
    def of(cls, other: Exchange) -> DeafExchange:
        return cls(other.method, other.target, other.headers, other.pieces)

    async def send(self, message: Any) -> None:
        await super().send(message)
        self.hang_up()
        await asyncio.sleep(0)


def test_what_waited_in_a_dead_process_is_taken_up(program: Program, impatient: None) -> None:
    leave_one_behind(program)
    Caller.objects.update(left_at=None, process=ELSEWHERE)

    send_again(program)

    assert Job.objects.count() == 1


def test_what_waits_in_a_living_process_is_its_callers(
    program: Program, impatient: None, other_process: int
) -> None:
    leave_one_behind(program)
    Caller.objects.update(left_at=None, process=other_process)

    send_again(program)

    assert Job.objects.count() == 2


def test_right_after_the_database_started_nobody_counts_as_dead(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_one_behind(program)
    Caller.objects.update(left_at=None, process=ELSEWHERE)
    monkeypatch.setattr(idempotency, "LOCKS_BACK_AFTER_S", 10**6)

    answer = program.call("POST", GENERATIONS, OTTER, headers=AGAIN)

    assert (answer.status, answer.headers["x-should-retry"]) == (503, "true")
    assert Job.objects.count() == 1


def test_what_waits_here_is_its_callers(program: Program, settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 1.0

    answers = program.together([program.generation(FIRST), program.generation(AGAIN)])

    assert len({answer.job_id for answer in answers}) == 2


def test_a_gateway_shows_that_it_lives(program: Program) -> None:
    async def look(exchange: Exchange) -> None:
        while idempotency.THIS_PROCESS not in await asyncio.to_thread(living):
            await asyncio.sleep(0.02)

    program.call("GET", "/v1/models", meanwhile=look)

    assert idempotency.THIS_PROCESS not in living()


def living() -> list[int]:
    statement = "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return [number for (number,) in cursor.fetchall()]
    finally:
        connection.close()


def test_a_first_try_always_buys(program: Program, impatient: None) -> None:
    leave_one_behind(program)

    program.call("POST", GENERATIONS, OTTER, headers=FIRST)

    assert Job.objects.count() == 2


def test_who_cancels_by_going_orders_anew(program: Program, alice: User) -> None:
    leave = {"X-Studio-Cancel-On-Disconnect": "true"}
    exchange = program.generation(leave)
    with pytest.raises(IndexError):
        program.together([exchange], doing(lambda job_id: exchange.hang_up()))

    program.call("POST", GENERATIONS, OTTER, headers=AGAIN | {"Prefer": "respond-async"})

    states = Job.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == [State.CANCELLED, State.QUEUED]


def test_who_is_not_yet_noted_as_gone_is_known_to_be(program: Program, impatient: None) -> None:
    leave_one_behind(program)
    caller = Caller.objects.get()
    Caller.objects.update(left_at=None, process=idempotency.THIS_PROCESS)

    idempotency.note_gone(caller.request_id)

    assert send_again(program) == str(caller.job_id)


def test_one_mark_notes_all_who_have_gone(program: Program) -> None:
    for _ in range(3):
        leave_one_behind(program)
    first, *others = Caller.objects.all()
    Caller.objects.update(left_at=None)
    for each in others:
        idempotency.note_gone(each.request_id)

    idempotency.mark_left(first.request_id)

    assert not Caller.objects.filter(left_at=None).exists()


def test_who_cancels_by_going_too_late_buys_nothing_again(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    exchange = DeafExchange.of(program.generation({"X-Studio-Cancel-On-Disconnect": "true"}))
    program.together([exchange], worker)

    answer = program.call("POST", GENERATIONS, OTTER, headers=AGAIN)

    assert answer.status == 200
    assert len(upstream.calls) == 1


@pytest.mark.usefixtures("impatient", "upstream")
@pytest.mark.parametrize("place", ["", "/result"])
def test_a_look_at_the_head_is_no_answer(place: str, program: Program, worker: Meanwhile) -> None:
    late = program.call("POST", GENERATIONS, OTTER, headers=FIRST)
    program.call("GET", "/v1/models", meanwhile=worker)

    assert program.call("HEAD", f"/v1/studio/jobs/{late.job_id}{place}").status == 200
    assert send_again(program) == late.job_id


@pytest.mark.parametrize("more", [{}, {"Idempotency-Key": "one"}])
def test_a_repeat_that_is_a_new_order_finds_the_queue_full(
    program: Program, settings: Any, more: dict[str, str]
) -> None:
    settings.GATEWAY_MAX_QUEUED = 0

    answer = program.call("POST", GENERATIONS, OTTER, headers=AGAIN | more)

    assert (answer.status, answer.error["code"]) == (429, "queue_full")


def test_a_repeat_that_is_a_new_order_is_not_started_for_a_refused_account(
    program: Program,
) -> None:
    ProviderTrouble.objects.create(
        provider=providers.default().name,
        kind=Trouble.ACCOUNT,
        until=Now() + timedelta(minutes=10),
    )

    answer = program.call("POST", GENERATIONS, OTTER, headers=AGAIN)

    assert (answer.status, answer.error["code"]) == (503, "account")
    assert not Job.objects.exists()


def test_field_f17_who_does_not_count_gets_the_job_that_it_lost(
    program: Program, impatient: None
) -> None:
    leave_one_behind(program)

    again = program.call("POST", GENERATIONS, OTTER)

    assert Job.objects.count() == 1
    assert again.headers["x-studio-idempotent-replay"] == "true"


def test_field_f17_three_scripts_that_lose_patience_pay_once(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    for _ in range(2):
        leave_one_behind(program)

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    assert answer.status == 200
    assert len(upstream.calls) == Job.objects.count() == 1


def test_field_f17_who_was_told_to_come_back_and_asks_anew_pays_once(
    program: Program, impatient: None
) -> None:
    first = program.call("POST", GENERATIONS, OTTER)

    assert first.error["code"] == "still_running"
    assert program.call("POST", GENERATIONS, OTTER).job_id == first.job_id


def test_field_f17_two_that_wait_at_once_are_two_orders(program: Program, settings: Any) -> None:
    settings.GATEWAY_WAIT_S = 1.0

    answers = program.together([program.generation(), program.generation()])

    assert len({answer.job_id for answer in answers}) == 2


@pytest.mark.parametrize("rejoin_s", [0.0, 60.0])
def test_field_f17_what_was_lost_long_ago_is_bought_anew(
    rejoin_s: float, program: Program, impatient: None, settings: Any
) -> None:
    settings.GATEWAY_REJOIN_S = rejoin_s
    leave_one_behind(program)
    Caller.objects.update(left_at=Now() - timedelta(seconds=90))

    program.call("POST", GENERATIONS, OTTER)

    assert Job.objects.count() == 2


def test_field_f17_another_key_joins_nothing(
    program: Program, alice: User, team: Team, impatient: None
) -> None:
    leave_one_behind(program)
    other = Program(keys.create(alice, team, Terms(name="another")).secret)

    other.call("POST", GENERATIONS, OTTER)

    assert Job.objects.count() == 2
