"""F29 to F33: the database restarts, goes away, is cut off, locked, or takes no more."""

import signal
import time
from contextlib import ExitStack, suppress

import psycopg
import pytest

from tests.faults.ledger import when_released
from tests.faults.rig import Rig, Sent
from tests.upstream import reply


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_f29_the_database_restarts_under_load(rig: Rig, by: signal.Signals) -> None:
    sent = six_in_flight(rig)

    rig.take_away("postgres", by)
    rig.upstream.release()
    rig.start_engine(rig.postgres)

    rig.wait_for_all(sent)
    assert [(rig.state(each), rig.calls(each)) for each in sent] == [("succeeded", 1)] * 6


def test_f29_pages_say_come_back_while_the_database_is_away(rig: Rig) -> None:
    rig.take_away("postgres", signal.SIGINT)

    page = rig.visitor.get("/history/")

    assert (page.status_code, "Retry-After" in page.headers) == (503, True)
    rig.start_engine(rig.postgres)


@pytest.mark.parametrize(
    "away_s", [4.0, pytest.param(60.0, marks=pytest.mark.slow_fault)], ids=["short", "60 s"]
)
def test_f30_the_database_is_away_when_the_answers_come(rig: Rig, away_s: float) -> None:
    sent = six_in_flight(rig)
    rig.database_proxy.refuse()
    rig.upstream.release()
    time.sleep(away_s)

    rig.database_proxy.heal()

    rig.wait_for_all(sent)
    assert [(rig.state(each), rig.calls(each)) for each in sent] == [("succeeded", 1)] * 6


def test_f30_a_refusal_that_comes_while_the_database_is_away_stays_one(rig: Rig) -> None:
    """Nobody must be asked about a job whose outcome was told."""
    refusal = {"error": {"message": "no", "type": "x", "param": "size", "code": "invalid_value"}}

    def refuse_when_released(connection: object) -> None:
        rig.upstream.released.wait(30)
        reply(refusal, 400)(connection)  # type: ignore[arg-type]

    sent = rig.submit_and_wait_for_call(refuse_when_released)
    rig.database_proxy.refuse()
    rig.upstream.release()
    time.sleep(4)

    rig.database_proxy.heal()

    job = rig.wait_until(sent)
    assert (job["state"], job["error_code"]) == ("failed", "invalid_value")


NOTE = b"INSERT INTO jobs_attempt"


@pytest.mark.parametrize("is_kept", [False, True], ids=["undone", "kept"])
@pytest.mark.parametrize("which", [0, 1], ids=["claim", "finish"])
def test_f31_the_connection_is_cut_in_the_middle_of_a_commit(
    rig: Rig, which: int, is_kept: bool
) -> None:
    """Whether the database kept it is unknown to us; the fence knows.

    Cut is either the word to commit or the answer to it: then it was kept, and nobody heard.
    """
    rig.pause(*rig.workers, "sweeper")
    sent = rig.submit()
    rig.database_proxy.cuts.clear()
    rig.database_proxy.cut_at(b"COMMIT", sent=not is_kept, after=which)
    rig.resume(*rig.workers)
    until_cut(rig, sent)
    is_claimed, was_called = rig.job(sent)["fence"] > 0, rig.calls(sent) > 0

    rig.resume("sweeper")

    rig.wait_until(sent, "succeeded")
    assert rig.calls(sent) == 1
    # The cut was where it was meant to be: at the claim nothing was called yet, at the finish all.
    assert (is_claimed, was_called) == (is_kept or which == 1, which == 1)


@pytest.mark.parametrize("is_kept", [False, True], ids=["undone", "kept"])
def test_f31_the_connection_is_cut_at_the_note_of_a_call(rig: Rig, is_kept: bool) -> None:
    """No call follows a note of which it is not known whether it is there."""
    rig.pause(*rig.workers, "sweeper")
    sent = rig.submit()
    rig.database_proxy.cuts.clear()
    if is_kept:
        rig.database_proxy.cut_at(b"upstream_request_id", sent=False)
    else:
        rig.database_proxy.cut_at(NOTE, sent=True)
    rig.resume(*rig.workers)
    until_cut(rig, sent)
    time.sleep(0.5)
    assert rig.calls(sent) == 0

    rig.resume("sweeper")

    rig.wait_until(sent, "succeeded")
    assert rig.calls(sent) == 1
    assert len(attempts(rig, sent)) == (2 if is_kept else 1)


@pytest.mark.slow_fault
@pytest.mark.parametrize("told", range(30))
def test_f31_the_connection_is_cut_at_any_word_of_the_database(rig: Rig, told: int) -> None:
    """Whatever it was about: from the claim, over the note, to the finish and what follows."""
    rig.pause(*rig.workers, "sweeper")
    sent = rig.submit()
    rig.database_proxy.cuts.clear()
    rig.database_proxy.cut_at(b"", sent=False, after=told)
    rig.resume(*rig.workers)
    until_cut(rig, sent)

    rig.resume("sweeper")

    rig.wait_until(sent, "succeeded")
    assert rig.calls(sent) == 1


def until_cut(rig: Rig, sent: Sent) -> None:
    """The sweeper is stopped, so nobody else rings again for a message that was lost."""
    with suppress(AssertionError):
        rig.wait_for(lambda: rig.database_proxy.cuts, 10)
        return
    rig.ring(sent.id)
    rig.wait_for(lambda: rig.database_proxy.cuts)


def attempts(rig: Rig, sent: Sent) -> list[tuple[object, ...]]:
    return rig.rows("SELECT outcome FROM jobs_attempt WHERE job_id = %s", sent.id)


def test_f32_one_long_lock_on_the_jobs(rig: Rig) -> None:
    sent = six_in_flight(rig)
    with rig.database() as database, database.transaction():
        database.execute("LOCK TABLE jobs_job IN ACCESS EXCLUSIVE MODE")
        rig.upstream.release()
        answer = rig.post("0" * 12)

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    rig.wait_for_all(sent)
    assert [(rig.state(each), rig.calls(each)) for each in sent] == [("succeeded", 1)] * 6


def test_f32_the_database_has_no_connection_left(rig: Rig) -> None:
    sent = six_in_flight(rig)
    rig.database_proxy.reset()
    with ExitStack() as hoard:
        with suppress(psycopg.OperationalError):
            while True:
                hoard.enter_context(rig.database())
        rig.upstream.release()
        time.sleep(2)

    rig.wait_for_all(sent)
    assert [(rig.state(each), rig.calls(each)) for each in sent] == [("succeeded", 1)] * 6


def test_f33_the_database_takes_no_writes(rig: Rig) -> None:
    sent = six_in_flight(rig)
    read_only(rig, "on")
    try:
        rig.upstream.release()
        answer = rig.post("0" * 12)
        time.sleep(2)
    finally:
        read_only(rig, "off")

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    rig.wait_for_all(sent)
    assert [(rig.state(each), rig.calls(each)) for each in sent] == [("succeeded", 1)] * 6


def read_only(rig: Rig, value: str) -> None:
    with rig.database() as database:
        database.execute("SET default_transaction_read_only = off")
        database.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        database.execute("SELECT pg_reload_conf()")
    time.sleep(0.3)


def six_in_flight(rig: Rig) -> list[Sent]:
    sent = [rig.submit(when_released) for _ in range(6)]
    rig.wait_for(lambda: all(rig.calls(each) for each in sent))
    return sent
