"""F01 to F17: workers that die, stop, hang or are asked to go, at every step of a job."""

import random
import signal
import time

import pytest

from jobs.telling import Money
from tests.faults.ledger import when_released
from tests.faults.rig import Rig
from tests.faults.strange import bomb
from tests.upstream import reply


def test_f01_killed_at_random_times(rig: Rig) -> None:
    _kill_workers_at_random(rig, jobs=12, kills=4, seed=101)


@pytest.mark.slow_fault
def test_f01_killed_at_random_times_for_a_minute(rig: Rig) -> None:
    _kill_workers_at_random(rig, jobs=120, kills=30, seed=102)


def _kill_workers_at_random(rig: Rig, jobs: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - Repeatable on purpose.
    sent = [rig.submit() for _ in range(jobs)]
    for _ in range(kills):
        time.sleep(chance.uniform(0.2, 2.5))
        rig.kill(chance.choice(rig.workers))

    rig.wait_for_all(sent)

    assert all(rig.calls(each) <= 1 for each in sent)


def test_f02_killed_after_the_claim(rig: Rig) -> None:
    rig.order("after_claim")

    sent = rig.submit()

    assert rig.wait_until(sent)["state"] == "succeeded"
    assert rig.is_obeyed("after_claim")
    assert rig.calls(sent) == 1


def test_f03_killed_after_the_note_and_before_the_first_byte(rig: Rig) -> None:
    rig.order("after_attempt")

    sent = rig.submit()

    assert rig.wait_until(sent)["state"] == "held"
    assert rig.calls(sent) == 0


def test_f04_killed_while_the_request_goes_out(rig: Rig) -> None:
    rig.upstream_proxy.freeze_after_sending(2_000)
    sent = rig.submit(prompt_tail=" and snow" * 1_000)
    rig.wait_for(lambda: rig.upstream_proxy.is_frozen)

    _kill_both(rig)
    rig.upstream_proxy.reset()
    rig.upstream_proxy.heal()

    assert rig.wait_until(sent)["state"] == "held"
    assert rig.calls(sent) == 0


def test_f05_killed_while_it_waits_for_the_answer(rig: Rig) -> None:
    sent = rig.submit_and_wait_for_call(when_released)

    _kill_both(rig)

    job = rig.wait_until(sent)
    assert (job["state"], job["may_be_billed"]) == ("held", True)
    assert rig.calls(sent) == 1


def test_f05_killed_while_it_waits_and_the_policy_says_again(rig: Rig) -> None:
    sent = rig.submit_and_wait_for_call(when_released)
    rig.let_go_again(sent)

    _kill_both(rig)

    job = rig.wait_until(sent, "succeeded")
    assert job["may_be_billed"]
    assert rig.calls(sent) == 2
    assert rig.events(sent)[2:] == ["held", "queued", "running", "succeeded"]


def test_f06_killed_with_the_answer_read_and_not_kept(rig: Rig) -> None:
    rig.order("after_answer")

    sent = rig.submit()

    job = rig.wait_until(sent)
    assert (job["state"], job["may_be_billed"]) == ("held", True)
    assert job["error_money"] == Money.NOT_REPEATED
    assert rig.calls(sent) == 1


def test_f07_killed_after_the_blobs_and_before_their_rows(rig: Rig) -> None:
    """The manifest lies there before the blobs do, so the job need not be held."""
    sent = rig.submit_and_wait_for_call(when_released)
    with rig.database() as database, database.transaction():
        database.execute("SELECT 1 FROM jobs_attempt WHERE job_id = %s FOR UPDATE", [sent.id])
        rig.upstream.release()
        rig.wait_for(lambda: list(rig.blobs.glob(f"images/{sent.id}/*/*.png")))
        _kill_both(rig)

    assert rig.wait_until(sent)["state"] == "succeeded"
    assert len(list(rig.blobs.glob(f"images/{sent.id}/*/*.png"))) == 1
    assert rig.calls(sent) == 1


def test_f08_killed_after_the_manifest_and_before_the_row(rig: Rig) -> None:
    rig.order("after_manifest")

    sent = rig.submit()

    assert rig.wait_until(sent)["state"] == "succeeded"
    assert rig.is_obeyed("after_manifest")
    assert rig.calls(sent) == 1


def test_f09_killed_after_the_commit(rig: Rig) -> None:
    rig.order("after_finish")

    sent = rig.submit()

    rig.wait_for(lambda: any(rig.has_died(name) for name in rig.workers))
    assert rig.wait_until(sent)["state"] == "succeeded"
    assert rig.events(sent) == ["queued", "running", "succeeded"]
    # Another makes the small copies that the dead one owes.
    rig.wait_for(lambda: rig.job(sent)["thumbs_at"])
    copies = "SELECT 1 FROM jobs_image WHERE job_id = %s AND small_key <> ''"
    assert rig.rows(copies, sent.id) == [(1,)]
    assert rig.calls(sent) == 1


def test_f10_stopped_for_longer_than_its_lease_and_resumed(rig: Rig) -> None:
    sent = rig.submit_and_wait_for_call(when_released)
    rig.pause(*rig.workers)
    rig.wait_until(sent, "held")

    rig.upstream.release()
    rig.resume(*rig.workers)

    rig.wait_until(sent, "succeeded")
    assert rig.events(sent) == ["queued", "running", "held", "succeeded"]
    assert "ended by somebody else" in rig.new_words("worker-*")
    assert rig.calls(sent) == 1


def test_f11_stopped_before_the_note_and_resumed_after_its_lease(rig: Rig) -> None:
    rig.order("before_attempt", "stop")
    sent = rig.submit()
    rig.wait_for(rig.has_stopped)

    rig.wait_until(sent, "succeeded")
    rig.resume(*rig.workers)

    rig.wait_for(lambda: "was taken back before its call" in rig.new_words("worker-*"))
    assert rig.events(sent) == ["queued", "running", "queued", "running", "succeeded"]
    assert rig.calls(sent) == 1


def test_f12_asked_to_stop_with_six_calls_in_flight(rig: Rig) -> None:
    sent = [rig.submit(when_released) for _ in range(6)]
    rig.wait_for(lambda: all(rig.calls(each) for each in sent))
    leaving = [rig.let_go(name) for name in rig.workers]
    for process in leaving:
        process.terminate()

    time.sleep(0.5)
    rig.upstream.release()

    assert [process.wait(30) for process in leaving] == [0, 0]
    assert {rig.state(each) for each in sent} == {"succeeded"}
    assert [rig.calls(each) for each in sent] == [1] * 6


def test_f13_asked_to_stop_and_killed_when_it_takes_too_long(rig: Rig) -> None:
    sent = rig.submit_and_wait_for_call(when_released)
    leaving = [rig.let_go(name) for name in rig.workers]
    for process in leaving:
        process.terminate()
    time.sleep(1)

    for process in leaving:
        process.kill()
        process.wait()

    assert rig.wait_until(sent)["state"] == "held"
    assert rig.calls(sent) == 1


@pytest.mark.parametrize("signals", [(signal.SIGQUIT,), (signal.SIGINT, signal.SIGINT)])
def test_f14_a_careless_operator(rig: Rig, signals: tuple[signal.Signals, ...]) -> None:
    sent = rig.submit_and_wait_for_call(when_released)
    leaving = [rig.let_go(name) for name in rig.workers]
    for number in signals:
        for process in leaving:
            process.send_signal(number)
        time.sleep(0.5)

    rig.upstream.release()
    for process in leaving:
        process.wait(30)
    rig.start_programs("worker-1", "worker-2")

    assert rig.wait_until(sent)["state"] in ("succeeded", "held")
    assert rig.calls(sent) == 1


def test_f15_a_picture_that_would_fill_the_memory(rig: Rig) -> None:
    before = [rig.pid(name) for name in rig.workers]

    sent = rig.submit(reply(bomb()))

    job = rig.wait_until(sent)
    # It was paid for, so it is kept for download; nobody opens it.
    assert (job["state"], job["error_code"]) == ("succeeded", "flawed")
    assert [rig.pid(name) for name in rig.workers] == before
    assert not any(rig.has_died(name) for name in rig.workers)


def test_f16_a_job_that_kills_every_worker(rig: Rig) -> None:
    rig.order("after_claim")
    poison = rig.submit()
    rig.order(f"after_claim@{poison.id}", "always kill")

    job = rig.wait_until(poison, "failed")

    assert (job["error_code"], job["crash_count"]) == ("poison", 3)
    assert job["error_money"] == Money.NOTHING
    other = rig.submit()
    assert rig.wait_until(other)["state"] == "succeeded"
    assert rig.calls(poison) == 0


@pytest.mark.slow_fault
def test_f17_a_thread_that_never_comes_back(rig: Rig) -> None:
    """Its lease is not extended for ever: the job goes on, and the others never stopped."""
    rig.order("after_claim", "hang")
    stuck = rig.submit()
    rig.wait_for(lambda: rig.is_obeyed("after_claim"))

    other = rig.submit()

    assert rig.wait_until(other)["state"] == "succeeded"
    assert rig.wait_until(stuck, "succeeded")["crash_count"] == 1
    assert rig.events(stuck) == ["queued", "running", "queued", "running", "succeeded"]
    # Its thread, and its place among the calls, come back with the next worker only.
    _kill_both(rig)


def _kill_both(rig: Rig) -> None:
    for name in rig.workers:
        rig.kill(name)
