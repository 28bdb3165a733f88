from datetime import timedelta

from django.db.models.functions import Now

from jobs.models import Job
from jobs.services.heartbeat import Heart
from jobs.states import State
from tests.conftest import MakeJob


def lease_is_fresh(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, lease_until__gt=Now() + timedelta(seconds=5)).exists()


def shorten_lease(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=Now() + timedelta(seconds=1))


def test_it_extends_the_leases_of_its_jobs(make_job: MakeJob) -> None:
    job, heart = make_job(state=State.RUNNING), Heart()
    shorten_lease(job)

    with heart.beating(job):
        assert heart.beat() == []

    assert lease_is_fresh(job)


def test_it_extends_no_lease_of_another_fence(make_job: MakeJob) -> None:
    job, heart = make_job(state=State.RUNNING), Heart()
    shorten_lease(job)
    job.fence += 1

    with heart.beating(job):
        assert heart.beat() == [job.pk]

    assert not lease_is_fresh(job)


def test_an_old_call_that_ends_keeps_the_new_ones_lease_beating(make_job: MakeJob) -> None:
    job, heart = make_job(state=State.RUNNING, fence=3), Heart()
    old = Job.objects.get(pk=job.pk)
    old.fence = 1
    shorten_lease(job)

    with heart.beating(job):
        with heart.beating(old):
            pass
        heart.beat()

    assert lease_is_fresh(job)


def test_it_forgets_a_job_that_is_done(make_job: MakeJob) -> None:
    job, heart = make_job(state=State.RUNNING), Heart()
    shorten_lease(job)

    with heart.beating(job):
        pass
    heart.beat()

    assert not lease_is_fresh(job)
