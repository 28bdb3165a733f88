"""F18 to F26: the way from the form to the worker, when the web dies or the broker fails."""

import time
from uuid import uuid4

import pytest
import redis

from tests.faults.ledger import when_released
from tests.faults.rig import Rig, Sent

# What a page may take while the broker is frozen; every wait for it has an end below that.
PATIENT_S = 6.0


def test_f18_web_killed_between_the_commit_and_the_ring(rig: Rig) -> None:
    token = uuid4().hex[:12]
    rig.broker_proxy.freeze()
    posting = rig.post_meanwhile(token)
    rig.wait_for(lambda: jobs_like(rig, token))

    rig.kill("web")
    rig.broker_proxy.heal()
    posting.join()

    assert rig.wait_until(rig.find(token))["state"] == "succeeded"


def test_f19_web_killed_before_the_commit(rig: Rig) -> None:
    token, key = uuid4().hex[:12], str(uuid4())
    with rig.database() as database, database.transaction():
        database.execute("LOCK TABLE jobs_job IN EXCLUSIVE MODE")
        posting = rig.post_meanwhile(token, key=key)
        [(inserting,)] = rig.wait_for(lambda: rig.rows(INSERTING))
        rig.kill("web")
        posting.join()
        # The server notices a lost client only when it writes to it.
        database.execute("SELECT pg_terminate_backend(%s)", [inserting])
    assert jobs_like(rig, token) == []

    rig.wait_for(rig.is_ready)
    assert [rig.post(token, key=key).status_code for _ in range(2)] == [200, 200]

    assert rig.wait_until(rig.find(token))["state"] == "succeeded"


INSERTING = """
    SELECT pid FROM pg_stat_activity
     WHERE wait_event_type = 'Lock' AND starts_with(query, 'INSERT INTO "jobs_job"')
"""


def test_f20_the_broker_refuses_during_the_form(rig: Rig) -> None:
    rig.broker_proxy.refuse()

    sent = rig.submit()

    assert rig.state(sent) == "queued"
    rig.broker_proxy.heal()
    assert rig.wait_until(sent)["state"] == "succeeded"


def test_f21_the_broker_is_frozen_during_the_form(rig: Rig) -> None:
    rig.broker_proxy.freeze()
    began = time.monotonic()

    sent = rig.submit()

    assert time.monotonic() - began < PATIENT_S
    rig.broker_proxy.heal()
    assert rig.wait_until(sent)["state"] == "succeeded"


@pytest.mark.parametrize(
    "down_s", [2.0, pytest.param(30.0, marks=pytest.mark.slow_fault)], ids=["short", "30 s"]
)
def test_f22_the_broker_is_killed_and_remembers_nothing(rig: Rig, down_s: float) -> None:
    rig.pause(*rig.workers)
    sent = [rig.submit() for _ in range(5)]
    rig.take_away("valkey")
    rig.resume(*rig.workers)
    time.sleep(down_s)

    rig.start_engine(rig.valkey)

    rig.wait_for_all(sent)
    assert {rig.state(each) for each in sent} == {"succeeded"}
    assert [rig.calls(each) for each in sent] == [1] * 5


@pytest.mark.parametrize(
    "for_s", [4.0, pytest.param(30.0, marks=pytest.mark.slow_fault)], ids=["short", "30 s"]
)
def test_f23_the_broker_is_flushed_again_and_again(rig: Rig, for_s: float) -> None:
    until, sent = time.monotonic() + for_s, []
    with rig.broker() as broker:
        while time.monotonic() < until:
            sent.append(rig.submit())
            broker.flushall()
            time.sleep(0.3)

    rig.wait_for_all(sent)

    assert {rig.state(each) for each in sent} == {"succeeded"}
    assert all(rig.calls(each) == 1 for each in sent)


def test_f24_the_broker_is_full(rig: Rig) -> None:
    with rig.broker() as broker:
        broker.config_set("maxmemory", "1")
        try:
            with pytest.raises(redis.OutOfMemoryError):
                broker.set("any", "more")

            sent = rig.submit()

            assert rig.state(sent) == "queued"
        finally:
            broker.config_set("maxmemory", "0")
    assert rig.wait_until(sent)["state"] == "succeeded"


def test_f25_messages_that_repeat_or_name_no_job(rig: Rig) -> None:
    done = rig.submit()
    rig.wait_until(done)
    sent = rig.submit(when_released)
    for message in (sent.id, done.id, str(uuid4()), sent.id) * 5:
        rig.ring(message)
    rig.wait_for(lambda: rig.calls(sent))
    settle_down(rig)

    rig.upstream.release()

    assert rig.wait_until(sent)["state"] == "succeeded"
    assert (rig.calls(sent), rig.calls(done)) == (1, 1)


@pytest.mark.parametrize(
    ("words", "task"),
    [
        (("not-an-id",), "jobs.run_job"),
        ((), "jobs.run_job"),
        (("1", "2", "3"), "jobs.run_job"),
        (({"job": "x"},), "jobs.run_job"),
        (("1",), "jobs.task_of_an_old_version"),
    ],
)
def test_f26_messages_of_another_version(rig: Rig, words: tuple[object, ...], task: str) -> None:
    before = [rig.pid(name) for name in rig.workers]
    rig.ring(words, task)

    sent = rig.submit()

    assert rig.wait_until(sent)["state"] == "succeeded"
    assert [rig.pid(name) for name in rig.workers] == before
    assert not any(rig.has_died(name) for name in rig.workers)


def settle_down(rig: Rig) -> None:
    """Until the queue is empty: every stray message has been looked at."""
    with rig.broker() as broker:
        rig.wait_for(lambda: broker.llen("images") == 0)


def jobs_like(rig: Rig, token: str) -> list[tuple[object, ...]]:
    return rig.rows("SELECT id FROM jobs_job WHERE prompt LIKE %s", f"%fox-{token}%")


def test_f25_a_stranger_can_start_only_what_waits_anyway(rig: Rig) -> None:
    held = rig.submit_and_wait_for_call(when_released)
    for name in rig.workers:
        rig.kill(name)
    rig.wait_until(held, "held")

    ring_often(rig, held)

    assert rig.state(held) == "held"
    assert rig.calls(held) == 1


def ring_often(rig: Rig, sent: Sent) -> None:
    for _ in range(5):
        rig.ring(sent.id)
    settle_down(rig)
    assert rig.wait_until(rig.submit())["state"] == "succeeded"
