"""Webhooks while some who asked for them are slow, hostile or broken: the others hear in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from imagestudio.accounts.models import Team, User
from jobs.models import Delivery, Job
from jobs.services.programs import keys, webhook_delivery, webhooks
from jobs.services.programs.keys import Terms
from jobs.states import State
from tests.conftest import MakeJob
from tests.upstream import Behaviour, Connection, ScriptedUpstream, hang, reply

pytestmark = pytest.mark.django_db(transaction=True)

Told = Callable[[User, ScriptedUpstream], Job]


@pytest.fixture
def listener(settings: Any) -> Iterator[ScriptedUpstream]:
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture
def other_listener() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture
def told(team: Team, make_job: MakeJob) -> Told:
    """A job that has ended, with a key whose webhook leads to this listener."""

    def tell(owner: User, listener: ScriptedUpstream) -> Job:
        key = keys.create(owner, team, Terms(name="hooked")).key
        keys.set_webhook(owner, key, f"{listener.base_url}/hooks")
        key.refresh_from_db()
        job = make_job(owner, State.SUCCEEDED, api_key=key)
        webhooks.expect(job, key)
        return job

    return tell


def goes_on(piece: bytes) -> Behaviour:
    """Never ends its answer, and is never silent for long."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 ")
        connection.send(piece)
        while not connection.wait_for_release(0.02):
            connection.send(piece)

    return behave


CONTINUES = b"100 Continue\r\n\r\nHTTP/1.1 "


@pytest.mark.parametrize("piece", [CONTINUES, b"2"], ids=["100 Continue", "drips"])
def test_who_never_ends_an_answer_is_cut_off(
    piece: bytes,
    told: Told,
    alice: User,
    listener: ScriptedUpstream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhook_delivery, "DEADLINE_S", 0.3)
    listener.script(goes_on(piece))
    told(alice, listener)

    webhooks.deliver_due()

    waiting = Delivery.objects.get()
    assert (waiting.was_heard, waiting.last_error) == (False, "TimeoutError")


def test_a_silent_one_holds_up_nobody_else(
    told: Told, alice: User, bob: User, listener: ScriptedUpstream, other_listener: ScriptedUpstream
) -> None:
    listener.script(*[hang()] * 9)
    for _ in range(9):
        told(alice, listener)
    his = told(bob, other_listener)
    courier = webhooks.Courier()

    began = courier.send_due()
    courier.pause()

    assert began == webhooks.AT_ONCE_OF_ONE + 1
    wait_until(lambda: Delivery.objects.get(job=his).was_heard)
    assert courier.send_due() == 0  # Hers wait for their turn, though there is room.
    listener.release()
    courier.wait_for_all()


def test_the_one_that_is_due_for_longest_comes_first(
    told: Told, alice: User, listener: ScriptedUpstream
) -> None:
    jobs = [told(alice, listener) for _ in range(webhooks.AT_ONCE_OF_ONE + 1)]

    webhooks.deliver_due()

    assert Delivery.objects.get(done_at=None).job == jobs[-1]


def test_an_error_that_nobody_foresaw_does_not_end_the_sending(
    told: Told, alice: User, listener: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "LOOK_EVERY_S", 0.02)
    listener.script(reply({}, 204))
    told(alice, listener)

    with monkeypatch.context() as broken:
        broken.setattr(webhooks, "WAITS_S", ())
        stop = webhooks.keep_delivering()
        time.sleep(0.2)
        assert listener.calls == []

    try:
        wait_until(lambda: Delivery.objects.get().was_heard)
    finally:
        stop.set()
        for thread in threading.enumerate():
            if thread.name == "webhooks":
                thread.join()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
