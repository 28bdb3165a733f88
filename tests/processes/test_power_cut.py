"""The guarantee on real processes: nothing is lost, and nothing is bought twice."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studio import RunningStudio, running_studio, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("studio")]

JOBS = 10


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[RunningStudio]:
    settings = {"STUDIO_LEASE_S": "2", "STUDIO_REDISPATCH_S": "2"}
    with running_studio(tmp_path / "data", STUDIO_SANDBOX_LATENCY_S="2", **settings) as studio:
        yield studio


def submit_jobs(studio: RunningStudio) -> None:
    visitor = studio.visitor().sign_in()
    for number in range(JOBS):
        visitor.generate(f"fox number {number}")


def states(studio: RunningStudio) -> Counter[str]:
    return Counter(state for (state,) in studio.rows("SELECT state FROM jobs_job"))


def calls_of_each_job(studio: RunningStudio) -> Counter[str]:
    """By job id, without the fence that follows it."""
    billed = [line for line in studio.ledger() if line.get("billed")]
    return Counter(line["client_request_id"].rpartition("-")[0] for line in billed)


def wait_until_settled(studio: RunningStudio, within_s: float = 60) -> Counter[str]:
    def settled() -> Counter[str] | None:
        now = states(studio)
        return None if now["queued"] or now["running"] else now

    return wait_for(settled, within_s, lambda: states(studio))


def test_jobs_that_nobody_had_claimed_survive_a_power_cut(studio: RunningStudio) -> None:
    studio.pause("celery")
    submit_jobs(studio)
    assert states(studio)["queued"] == JOBS

    studio.kill_everything()
    studio.start()

    assert wait_until_settled(studio) == {"succeeded": JOBS}
    assert set(calls_of_each_job(studio).values()) == {1}


def test_jobs_in_flight_at_a_power_cut_are_finished_or_held_and_never_bought_twice(
    studio: RunningStudio,
) -> None:
    submit_jobs(studio)
    wait_for(lambda: states(studio)["running"] + states(studio)["succeeded"] == JOBS, 30)

    studio.kill_everything()
    studio.start()

    ended = wait_until_settled(studio)
    assert ended["succeeded"] + ended["held"] == JOBS
    assert max(calls_of_each_job(studio).values(), default=0) <= 1


def test_a_flushed_broker_loses_no_job(studio: RunningStudio) -> None:
    studio.pause("celery")
    submit_jobs(studio)
    studio.broker().flushall()

    studio.resume("celery")

    assert wait_until_settled(studio) == {"succeeded": JOBS}
    assert set(calls_of_each_job(studio).values()) == {1}
