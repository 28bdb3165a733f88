"""The guarantee on real processes: nothing is lost, and nothing is bought twice."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.studio import RunningStudio, running_studio, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]

JOBS = 10


@pytest.fixture(scope="module")
def studio() -> Iterator[RunningStudio]:
    settings = {"STUDIO_LEASE_S": "2", "STUDIO_REDISPATCH_S": "2"}
    with running_studio(STUDIO_SANDBOX_LATENCY_S="2", **settings) as studio:
        yield studio


def submit_jobs(studio: RunningStudio, about: str) -> None:
    visitor = studio.visitor().sign_in()
    for number in range(JOBS):
        visitor.generate(f"{about} {number}")


def states(studio: RunningStudio, about: str) -> Counter[str]:
    rows = studio.rows("SELECT state FROM jobs_job WHERE starts_with(prompt, %s)", about)
    return Counter(state for (state,) in rows)


def calls_of_each_job(studio: RunningStudio, about: str) -> Counter[str]:
    """By job id, without the fence that follows it."""
    calls = [line for line in studio.ledger() if line["event"] == "call" and line["billed"]]
    ours = [line for line in calls if line["prompt"].startswith(about)]
    return Counter(line["client_request_id"].rpartition("-")[0] for line in ours)


def wait_until_settled(studio: RunningStudio, about: str, within_s: float = 60) -> Counter[str]:
    def settled() -> Counter[str] | None:
        now = states(studio, about)
        return None if now["queued"] or now["running"] else now

    return wait_for(settled, within_s, lambda: states(studio, about))


def test_jobs_that_nobody_had_claimed_survive_a_power_cut(studio: RunningStudio) -> None:
    studio.pause("celery")
    submit_jobs(studio, "fox")
    assert states(studio, "fox")["queued"] == JOBS

    studio.kill_everything()
    studio.start()

    assert wait_until_settled(studio, "fox") == {"succeeded": JOBS}
    assert sorted(calls_of_each_job(studio, "fox").values()) == [1] * JOBS


def test_jobs_in_flight_at_a_power_cut_are_finished_or_held_and_never_bought_twice(
    studio: RunningStudio,
) -> None:
    submit_jobs(studio, "owl")
    wait_for(lambda: calls_of_each_job(studio, "owl").total() == JOBS, 30)

    studio.kill_everything()
    studio.start()

    ended = wait_until_settled(studio, "owl")
    assert ended["succeeded"] + ended["held"] == JOBS
    assert sorted(calls_of_each_job(studio, "owl").values()) == [1] * JOBS


def test_a_flushed_broker_loses_no_job(studio: RunningStudio) -> None:
    studio.pause("celery")
    submit_jobs(studio, "hare")
    studio.broker().flushall()

    studio.resume("celery")

    assert wait_until_settled(studio, "hare") == {"succeeded": JOBS}
    assert sorted(calls_of_each_job(studio, "hare").values()) == [1] * JOBS
