"""F27 and F28: the one clock dies, is doubled, is missing, is late."""

import time

import pytest

from tests.faults.ledger import when_released
from tests.faults.rig import LEASE_S, Rig


def test_f27_sweeper_killed_in_the_middle_of_a_recovery(rig: Rig) -> None:
    rig.order("before_recovery")
    rig.order("after_claim")

    sent = rig.submit()

    rig.wait_until(sent, "succeeded")
    assert rig.is_obeyed("before_recovery")
    assert rig.events(sent) == ["queued", "running", "queued", "running", "succeeded"]
    assert rig.job(sent)["crash_count"] == 1


@pytest.mark.slow_fault
def test_f27_health_turns_red_without_a_sweeper(rig: Rig) -> None:
    rig.take_away("sweeper")

    rig.wait_for(lambda: not rig.readiness()["sweeper"]["ok"], 90)

    assert rig.readiness()["database"]["ok"]
    rig.start_programs("sweeper")
    rig.wait_for(rig.is_ready)


def test_f28_two_sweepers(rig: Rig) -> None:
    rig.start_programs("sweeper-2")
    rig.wait_for(lambda: len(sweepers(rig)) == 2)
    rig.order("after_claim")

    sent = [rig.submit() for _ in range(6)]
    rig.wait_for_all(sent)

    # Each recovery happened once: two that act at a time would have counted a crash twice.
    assert {rig.state(each) for each in sent} == {"succeeded"}
    assert sum(rig.job(each)["crash_count"] for each in sent) == 1


def test_f28_no_sweeper_for_a_while(rig: Rig) -> None:
    rig.take_away("sweeper")
    rig.broker_proxy.refuse()
    sent = rig.submit()
    rig.broker_proxy.heal()
    time.sleep(1)
    assert rig.state(sent) == "queued"

    rig.start_programs("sweeper")

    assert rig.wait_until(sent)["state"] == "succeeded"


def test_f28_a_sweeper_that_was_stopped_takes_nothing_from_the_living(rig: Rig) -> None:
    """It wakes up with an old clock; the leases are judged by the database's."""
    sent = rig.submit_and_wait_for_call(when_released)
    rig.pause("sweeper")
    time.sleep(LEASE_S + 1)

    rig.resume("sweeper")
    time.sleep(1)
    rig.upstream.release()

    rig.wait_until(sent, "succeeded")
    assert rig.events(sent) == ["queued", "running", "succeeded"]


def sweepers(rig: Rig) -> list[tuple[object, ...]]:
    return rig.rows(
        "SELECT DISTINCT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory%%'"
        " OR query LIKE '%%pg_advisory_unlock%%' AND pid <> pg_backend_pid()"
    )
