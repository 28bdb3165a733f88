"""The database goes away: nothing is bought twice, and nobody is sent off who has a job."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from imagestudio.web import bell
from jobs.gateway.api import work
from jobs.gateway.api.calls import ApiCall, ApiRequest
from jobs.gateway.api.replies import Unsettled
from jobs.gateway.server import threads
from jobs.gateway.server.threads import Away, Threads
from jobs.models import Caller, Job
from jobs.services.programs.keys import Made
from jobs.states import State
from tests.gateway.asgi import MODEL, Exchange, Meanwhile, Program
from tests.gateway.conftest import doing
from tests.gateway.wire import Wire
from tests.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)

GENERATIONS = "/v1/images/generations"
OTTER = {"model": MODEL, "prompt": "an otter"}
AGAIN = {"X-Stainless-Retry-Count": "1"}


@pytest.fixture(autouse=True)
def asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.gateway.server.threads.AWAY_S", 0.1)


def test_an_order_before_it_is_refused_and_can_be_sent_again(program: Program, wire: Wire) -> None:
    wire.cut()

    answer = program.call("POST", GENERATIONS, OTTER)

    assert (answer.status, answer.error["code"]) == (503, "server_is_overloaded")
    assert answer.headers["x-should-retry"] == "true"
    bring_back(wire)
    assert not Job.objects.exists()


def test_an_accepted_order_is_waited_for(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile, wire: Wire
) -> None:
    def cut_and_ring(job_id: UUID) -> None:
        wire.cut()
        bell.tell(job_id, State.SUCCEEDED)  # So that it looks while nothing is to be seen.

    async def cut_for_a_while(exchange: Exchange) -> None:
        await doing(cut_and_ring)(exchange)
        await asyncio.sleep(1.5)
        await asyncio.to_thread(bring_back, wire)
        await worker(exchange)

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=cut_for_a_while)

    assert answer.status == 200
    assert len(upstream.calls) == Job.objects.count() == 1


def test_when_patience_ends_nobody_is_told_to_buy_again(
    program: Program, settings: Any, wire: Wire
) -> None:
    settings.GATEWAY_WAIT_S = 1.5

    answer = program.call(
        "POST", GENERATIONS, OTTER, headers=AGAIN, meanwhile=doing(lambda job_id: wire.cut())
    )

    assert (answer.status, answer.error["code"]) == (504, "still_running")
    assert answer.headers["x-should-retry"] == "false"
    bring_back(wire)
    assert Job.objects.count() == 1


def test_an_order_whose_commit_nobody_heard_of_is_found_again(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile, wire: Wire
) -> None:
    wire.cut_at_commit()

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=healing(wire, worker))

    assert answer.status == 200
    assert len(upstream.calls) == Job.objects.count() == 1


def test_who_does_not_wait_for_that_commit_finds_it_later(
    program: Program, settings: Any, wire: Wire
) -> None:
    settings.GATEWAY_WAIT_S = 0.2
    wire.cut_at_commit()
    lost = program.call("POST", GENERATIONS, OTTER, meanwhile=outlast(wire))
    assert (lost.status, lost.error["code"]) == (504, "outcome_unknown")
    assert lost.headers["x-should-retry"] == "false"

    program.call("POST", GENERATIONS, OTTER, headers=AGAIN)

    assert Job.objects.count() == 1


def test_an_outage_while_a_replay_is_answered_leaves_it_open(
    program: Program, made: Made, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    named = {"Idempotency-Key": "order 7"}
    program.call("POST", GENERATIONS, OTTER, headers=named, meanwhile=worker)
    call = ApiCall.of(Exchange("POST", GENERATIONS, named | {"Prefer": "respond-async"}).scope)

    def fail(execute: Any, sql: str, *rest: Any) -> object:
        if 'FROM "jobs_image"' in sql:
            raise OperationalError("gone")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail), pytest.raises(Unsettled) as unsettled:
        work.generate(ApiRequest(call, made.key, {}, BytesIO(json.dumps(OTTER).encode())))

    assert isinstance(unsettled.value.__cause__, OperationalError)
    assert unsettled.value.joins


def bring_back(wire: Wire) -> None:
    """Until the pool has noticed it, too."""
    wire.heal()
    while True:
        with suppress(OperationalError), closing(connection):
            connection.ensure_connection()
            return


def is_left() -> bool:
    with closing(connection):
        return Caller.objects.exclude(left_at=None).exists()


def healing(wire: Wire, then: Meanwhile) -> Meanwhile:
    async def go(exchange: Exchange) -> None:
        await asyncio.to_thread(wire.is_cut.wait, 10)
        await asyncio.to_thread(bring_back, wire)
        await then(exchange)

    return go


def outlast(wire: Wire) -> Meanwhile:
    """Heal when the client has been answered, and let the mark be left."""

    async def go(exchange: Exchange) -> None:
        await exchange.first_byte.wait()
        await asyncio.to_thread(bring_back, wire)
        while not await asyncio.to_thread(is_left):
            await asyncio.sleep(0.05)

    return go


def test_a_database_that_only_reads_is_as_good_as_away(program: Program) -> None:
    with only_reading():
        answer = program.call("POST", GENERATIONS, OTTER)

    assert (answer.status, answer.headers["x-should-retry"]) == (503, "true")


class only_reading:  # noqa: N801 - reads like a word
    def __enter__(self) -> None:
        self._options: Any = connection.settings_dict["OPTIONS"]
        self._kept = self._options["options"]
        self._begin(f"{self._kept} -c default_transaction_read_only=on")

    def __exit__(self, *exception: object) -> None:
        self._begin(self._kept)

    def _begin(self, options: str) -> None:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        self._options["options"] = options


@pytest.fixture
def slow_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.gateway.server.threads.AWAY_S", 60.0)


@pytest.fixture
def pool() -> Iterator[Threads]:
    made = Threads()
    yield made
    made.stop()


def test_it_is_not_asked_again_at_once(slow_gate: None, pool: Threads) -> None:
    asked: list[int] = []

    def fail() -> None:
        asked.append(1)
        raise OperationalError("connection refused")

    async def ask() -> None:
        with pytest.raises(OperationalError, match="refused"):
            await pool.do(fail)
        with pytest.raises(Away):
            await pool.do(fail)

    asyncio.run(ask())

    assert len(asked) == 1


def test_marks_do_not_come_behind_new_work(pool: Threads) -> None:
    gate = threading.Event()

    async def mark() -> int:
        busy = [asyncio.ensure_future(pool.do(gate.wait)) for _ in range(threads.THREADS * 2)]
        found = await pool.mark(lambda: 7)
        gate.set()
        await asyncio.gather(*busy)
        return found

    assert asyncio.run(mark()) == 7


def test_no_more_wait_for_a_turn_than_get_one_soon(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.gateway.server.threads.MAX_WAITING", 0)

    answer = program.call("POST", GENERATIONS, OTTER)

    assert (answer.status, answer.headers["x-should-retry"]) == (503, "true")
    assert int(answer.headers["retry-after"]) > 0
    assert not Job.objects.exists()
