import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.models import Job
from jobs.services.run.lease import Heart
from jobs.states import State
from tests.conftest import MakeJob
from tests.studio import wait_for


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


@pytest.mark.django_db(transaction=True)
def test_it_keeps_beating_by_itself(make_job: MakeJob, settings: Settings) -> None:
    settings.LEASE_S = 0.3
    job, heart = make_job(state=State.RUNNING), Heart()
    shorten_lease(job)

    with heart.beating(job):
        for _ in range(3):
            before = lease_of(job)
            wait_for(partial(has_moved, job, before), 10)
        thread = heart._thread

    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()


def has_moved(job: Job, before: object) -> bool:
    return lease_of(job) != before


def test_a_thread_that_never_comes_back_loses_its_lease(
    make_job: MakeJob, settings: Settings
) -> None:
    job, heart = make_job(state=State.RUNNING), Heart()
    shorten_lease(job)

    with heart.beating(job):
        settings.CALL_DEADLINE_S = -4 * settings.LEASE_S
        heart.beat()

    assert not lease_is_fresh(job)


def lease_of(job: Job) -> object:
    return Job.objects.values_list("lease_until", flat=True).get(pk=job.pk)


def test_it_forgets_a_job_that_is_done(make_job: MakeJob) -> None:
    job, heart = make_job(state=State.RUNNING), Heart()
    shorten_lease(job)

    with heart.beating(job):
        pass
    heart.beat()

    assert not lease_is_fresh(job)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_has_locked_costs_no_other_its_lease(make_job: MakeJob) -> None:
    locked, other, heart = make_job(state=State.RUNNING), make_job(state=State.RUNNING), Heart()
    shorten_lease(other)

    with heart.beating(locked), heart.beating(other), locked_elsewhere(locked):
        assert heart.beat() == []

    assert lease_is_fresh(other)


@contextmanager
def locked_elsewhere(job: Job) -> Iterator[None]:
    has_lock, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=job.pk)
            has_lock.set()
            may_go.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert has_lock.wait(30)
    try:
        yield
    finally:
        may_go.set()
        thread.join()
