"""Jobs that a rate limit turns away: how long they wait, how often, and who waits with them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from imagestudio.images_api import errors
from jobs.models import Attempt, Job
from jobs.services.queue import rate_limiter, scheduler
from jobs.services.run.settle import judge, settle
from jobs.services.run.worker import run
from jobs.states import Outcome, State
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.upstream import Behaviour, ScriptedUpstream

IMAGES = "Rate limit reached for images per minute. Please try again in 2s."


def slow_down(message: str = IMAGES, **headers: str) -> Behaviour:
    body = {"error": {"message": message, "type": "requests", "code": "rate_limit_exceeded"}}
    return scripts.reply(body, 429, headers)


def turned_away(job: Job, times: int) -> Job:
    """A job whose last calls came too early."""
    for _ in range(times):
        Job.objects.filter(pk=job.pk).update(run_after=Now())
        claimed = Job.objects.claim(job.pk, 30)
        assert claimed is not None
        Attempt.objects.open(job.pk, claimed.fence)
        settle(claimed, errors.Rejected(IMAGES, http_status=429, retry_after_s=0.0))
    found = Job.objects.claim(job.pk, 30)
    if found is None:
        Job.objects.filter(pk=job.pk).update(run_after=Now())
        found = Job.objects.claim(job.pk, 30)
    assert found is not None
    return found


def wait_s(job: Job, retry_after_s: float | None) -> float:
    return judge(job, errors.Rejected(IMAGES, http_status=429, retry_after_s=retry_after_s)).wait_s


def test_d01_it_waits_longer_each_time_whatever_the_service_asks_for(
    make_job: MakeJob, settings: Settings
) -> None:
    settings.RETRY_BASE_S = 2.0
    first = wait_s(turned_away(make_job(), 0), 2.0)
    sixth = wait_s(turned_away(make_job(), 5), 2.0)

    assert 1.5 <= first <= 2.5
    assert 48 <= sixth <= 80


def test_d01_it_waits_as_long_as_it_is_asked_to_where_that_is_longer(make_job: MakeJob) -> None:
    assert wait_s(turned_away(make_job(), 2), 500.0) == 500.0


def test_d01_it_gives_up_after_so_many_tries(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.RETRY_BASE_S, settings.MAX_RATE_LIMITS = 0, 4
    job = make_job()
    upstream.script(*[slow_down("Too many requests.")] * 10)

    for _ in range(10):
        run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code, job.cost_microusd) == (State.FAILED, "rate_limited", 0)
    assert len(upstream.calls) == 4
    assert "4 times" in job.told
    assert "Nothing was spent" in job.told


@pytest.mark.parametrize(
    "told",
    [
        slow_down(),
        slow_down("Slow down.", **{"Retry-After": "2"}),
        slow_down("Wait.", **{"x-ratelimit-remaining-images": "0", "retry-after-ms": "2000"}),
    ],
    ids=["in words", "in a header", "by what remains"],
)
def test_d01_it_lets_everybody_wait_the_first_time(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings, told: Behaviour
) -> None:
    first, _other = make_job(), make_job()
    upstream.script(told)

    run(first.pk)

    assert rate_limiter.look(settings.PROVIDERS[0]).wait_s > 0
    assert scheduler.take() is None


def test_d01_it_lets_nobody_wait_for_a_job_that_is_turned_away_again(
    make_job: MakeJob, settings: Settings
) -> None:
    job = turned_away(make_job(), 1)

    scheduler.learn(job, errors.Rejected(IMAGES, http_status=429, retry_after_s=60.0))

    assert rate_limiter.look(settings.PROVIDERS[0]).wait_s == 0


def test_d01_it_lets_nobody_wait_for_what_concerns_one_request(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    job, other = make_job(), make_job()
    body = {"error": {"message": "This prompt is being drawn already.", "code": "duplicate"}}
    upstream.script(scripts.reply(body, 429))

    run(job.pk)
    run(other.pk)

    other.refresh_from_db()
    assert other.state == State.SUCCEEDED


def test_d01_it_does_not_repeat_what_can_never_go(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    job, other = make_job(), make_job()
    upstream.script(slow_down("Images per min: Limit 5, Requested 10.", **{"Retry-After": "9"}))

    run(job.pk)
    run(other.pk)

    job.refresh_from_db()
    other.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "limit_exceeded")
    assert "Requested 10" in job.told
    assert other.state == State.SUCCEEDED


def test_field_f07_it_keeps_what_was_set_aside_for_a_call_that_nobody_can_price(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    """Else zeros in every answer would let a limit never end anything."""
    limited = replace(settings.PROVIDERS[0], max_spend_microusd_per_hour=100_000)
    settings.PROVIDERS = (limited,)
    jobs = [make_job(estimate_high_microusd=40_000) for _ in range(5)]
    nothing = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    upstream.script(*[scripts.images(1, usage=nothing)] * 5)

    for job in jobs:
        run(job.pk)

    done = Attempt.objects.filter(outcome=Outcome.ANSWERED)
    assert done.count() == len(upstream.calls) == 2
    assert set(done.values_list("cost_microusd", flat=True)) == {None}
