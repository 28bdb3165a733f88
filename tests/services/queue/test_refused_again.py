"""Jobs that are refused themselves: they must not close a service again and again for others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from imagestudio.images_api import errors
from jobs.models import Attempt, Job, ProviderTrouble
from jobs.services.queue import circuit_breaker, scheduler
from jobs.services.run.settle import settle
from jobs.services.run.worker import run
from jobs.states import Outcome, State
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.upstream import ScriptedUpstream

WRONG_KEY = scripts.reply({"error": {"message": "Denied.", "code": "invalid_api_key"}}, 401)
UNSENDABLE = errors.NotSent("The connection was lost.", code="disconnected")


@pytest.fixture(autouse=True)
def impatient(settings: Settings) -> None:
    settings.RETRY_BASE_S, settings.ACCOUNT_PROBE_S, settings.BREAKER_AFTER = 0, 600.0, 3


def pass_time() -> None:
    """So long that the service may be tried again."""
    passed = timedelta(seconds=601)
    ProviderTrouble.objects.update(until=F("until") - passed, last_at=F("last_at") - passed)


def refused(make_job: MakeJob, upstream: ScriptedUpstream) -> Job:
    job = make_job()
    upstream.script(WRONG_KEY)
    run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.QUEUED, "account")
    return job


def is_shut() -> bool:
    return bool(circuit_breaker.refused_accounts())


def test_field_f02_it_lets_another_job_try_before_the_one_that_was_refused(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    first, other = refused(make_job, upstream), make_job()
    pass_time()

    run(first.pk)

    first.refresh_from_db()
    other.refresh_from_db()
    assert (first.state, other.state) == (State.QUEUED, State.SUCCEEDED)
    assert not circuit_breaker.closed()


def test_field_f02_it_lets_the_refused_one_try_where_nobody_else_comes(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = refused(make_job, upstream)
    early = scheduler.take()

    pass_time()
    run(job.pk)

    job.refresh_from_db()
    assert early is None
    assert job.state == State.SUCCEEDED
    assert not circuit_breaker.closed()


def test_field_f02_it_hears_from_a_job_only_once_that_the_account_is_refused(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = refused(make_job, upstream)
    pass_time()
    upstream.script(WRONG_KEY)

    run(job.pk)

    assert len(upstream.calls) == 2
    assert circuit_breaker.closed()
    assert not is_shut(), "the next call of anybody else is a try, and no refusal"
    assert scheduler.take() is None, "and the job itself waits for its time"


def test_field_f02_it_ends_a_job_that_is_refused_while_others_go_through(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job, other = refused(make_job, upstream), make_job()
    pass_time()
    run(other.pk)
    upstream.script(WRONG_KEY)

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "refused_again")
    assert "Denied." in job.told
    assert "Nothing was spent" in job.told
    assert not circuit_breaker.closed()


def test_field_f02_it_closes_again_when_the_account_itself_is_refused_again(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    first = refused(make_job, upstream)
    ProviderTrouble.objects.update(until=None, kind="", failures=0)  # An admin let them go.
    upstream.script(WRONG_KEY)

    run(first.pk)

    first.refresh_from_db()
    assert first.state == State.QUEUED
    assert is_shut()


def test_field_f02_it_counts_no_failure_of_a_job_that_alone_can_not_be_sent(
    make_job: MakeJob,
) -> None:
    """A proxy that cuts every upload which is too large for it is there for all the others."""
    job = claimed(make_job())
    fail_to_send(job)
    went_through = claimed(make_job())
    Attempt.objects.open(went_through.pk, went_through.fence)
    Attempt.objects.filter(job=went_through).update(outcome=Outcome.ANSWERED)
    circuit_breaker.learn(went_through)

    for _ in range(5):
        fail_to_send(claimed(job))

    assert not circuit_breaker.closed()


def claimed(job: Job) -> Job:
    Job.objects.filter(pk=job.pk).update(run_after=Now())
    found = Job.objects.claim(job.pk, 30)
    assert found is not None
    return found


def fail_to_send(job: Job) -> None:
    Attempt.objects.open(job.pk, job.fence)
    circuit_breaker.learn(job, UNSENDABLE)
    settle(job, UNSENDABLE)
