import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from jobs.models import Attempt, Job
from jobs.states import State
from tests.conftest import MakeJob

LEASE_S = 30.0


def test_it_claims_a_queued_job_and_raises_its_fence(make_job: MakeJob) -> None:
    job = make_job()

    claimed = Job.objects.claim(job.pk, LEASE_S)

    assert claimed is not None
    assert (claimed.state, claimed.fence, claimed.attempt) == (State.RUNNING, 1, 1)


@pytest.mark.parametrize("state", [state for state in State if state is not State.QUEUED])
def test_it_claims_no_job_in_another_state(make_job: MakeJob, state: State) -> None:
    job = make_job(state=state)

    assert Job.objects.claim(job.pk, LEASE_S) is None


def test_it_claims_no_job_before_its_time(make_job: MakeJob) -> None:
    job = make_job(run_after=Now() + timedelta(seconds=60))

    assert Job.objects.claim(job.pk, LEASE_S) is None


def test_it_claims_no_job_past_its_deadline(make_job: MakeJob) -> None:
    job = make_job(deadline_at=Now() - timedelta(seconds=1))

    assert Job.objects.claim(job.pk, LEASE_S) is None


@pytest.mark.django_db(transaction=True)
def test_only_one_of_many_workers_claims_a_job(make_job: MakeJob) -> None:
    job = make_job()
    barrier = threading.Barrier(6)
    claimed: list[Job | None] = []

    def claim() -> None:
        barrier.wait()
        claimed.append(Job.objects.claim(job.pk, LEASE_S))
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(job is not None for job in claimed) == 1


def test_it_moves_only_with_the_right_fence(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)

    assert not Job.objects.move(job.pk, State.RUNNING, State.FAILED, fence=job.fence - 1)
    assert Job.objects.move(job.pk, State.RUNNING, State.FAILED, fence=job.fence)


def test_it_refuses_to_move_a_running_job_without_a_fence(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)

    with pytest.raises(ValueError, match="needs its fence"):
        Job.objects.move(job.pk, State.RUNNING, State.FAILED, fence=None)


def test_taking_back_shuts_the_worker_out(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)

    Job.objects.take_back(job.pk, State.RUNNING, State.QUEUED, fence=job.fence)
    Job.objects.claim(job.pk, LEASE_S)

    assert not Job.objects.move(job.pk, State.RUNNING, State.SUCCEEDED, fence=job.fence)


def test_it_opens_one_attempt_for_a_fence_it_holds(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)

    attempt = Attempt.objects.open(job.pk, job.fence)

    assert attempt is not None
    assert attempt.sent_at is not None


def test_it_opens_no_attempt_with_a_fence_that_is_past(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)

    assert Attempt.objects.open(job.pk, job.fence - 1) is None


def test_it_opens_no_attempt_after_the_lease(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING, lease_until=Now() - timedelta(seconds=1))

    assert Attempt.objects.open(job.pk, job.fence) is None


def test_it_opens_no_attempt_for_a_job_that_was_ended(make_job: MakeJob) -> None:
    job = make_job(state=State.CANCELLED)

    assert Attempt.objects.open(job.pk, job.fence) is None
