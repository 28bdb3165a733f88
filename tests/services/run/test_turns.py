"""What one job's call means for the runs of the others."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import Error
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.models import ProviderTrouble
from jobs.services.queue import circuit_breaker, providers, rate_limiter, scheduler
from jobs.services.queue.provider_limits import Share
from jobs.services.run.worker import run
from jobs.states import State
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.upstream import ScriptedUpstream

SLOW_DOWN = {"error": {"message": "Rate limit reached", "type": "requests", "code": None}}
NO_SUCH_MODEL = {
    "error": {"message": "Project p does not have access to model m", "code": "model_not_found"}
}
NO_MONEY = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}


@pytest.fixture(autouse=True)
def own_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limiter, "_share", Share())


def test_after_a_429_no_job_is_called_before_the_time(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    first, second = make_job(), make_job()
    upstream.script(scripts.reply(SLOW_DOWN, 429, {"Retry-After": "30"}))

    run(first.pk)
    run(second.pk)

    second.refresh_from_db()
    assert len(upstream.calls) == 1
    assert (second.state, second.attempt) == (State.QUEUED, 0)


def test_a_refused_account_lets_all_jobs_wait(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    first, second = make_job(), make_job()
    upstream.script(scripts.reply(NO_MONEY, 429))

    run(first.pk)
    run(second.pk)

    first.refresh_from_db()
    assert len(upstream.calls) == 1
    assert (first.state, first.error_code) == (State.QUEUED, "account")
    assert circuit_breaker.notices()


def test_when_it_is_mended_one_job_tries_and_all_follow(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    jobs = [make_job() for _ in range(3)]
    upstream.script(scripts.reply(NO_MONEY, 429))
    run(jobs[0].pk)
    ProviderTrouble.objects.update(until=Now() - timedelta(seconds=1))

    run(jobs[1].pk)
    run(jobs[2].pk)

    assert len(upstream.calls) == 3
    assert circuit_breaker.notices() == []


def test_a_service_that_fails_in_a_row_is_left_alone(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.BREAKER_AFTER = 3
    jobs = [make_job() for _ in range(6)]
    upstream.script(*[scripts.reply({"error": {"message": "oops"}}, 500)] * 6)

    for job in jobs:
        run(job.pk)

    assert len(upstream.calls) == 3


def test_the_end_of_a_call_rings_for_one_that_found_no_place(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    provider = replace(settings.PROVIDERS[0], max_concurrency=1)
    settings.PROVIDERS = (provider,)
    first, second = make_job(dispatched_at=Now()), make_job(dispatched_at=Now())
    rate_limiter.ask(provider, "another worker's", 1, 0)
    run(second.pk)
    rate_limiter.leave(provider, "another worker's")

    to_ring = run(first.pk)

    assert upstream.calls[0].headers["x-client-request-id"] == f"{first.pk}-1"
    assert to_ring == [second.pk]


def test_a_call_gives_its_place_back_whatever_becomes_of_it(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    provider = replace(settings.PROVIDERS[0], max_concurrency=1)
    settings.PROVIDERS = (provider,)
    upstream.script(scripts.reset_after_request(), scripts.html(200), scripts.images())
    jobs = [make_job() for _ in range(3)]

    for job in jobs:
        run(job.pk)

    assert len(upstream.calls) == 3
    assert rate_limiter.look(provider).room == 1


def test_a_claim_that_breaks_off_gives_its_place_back(
    make_job: MakeJob, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = replace(providers.default(), max_concurrency=1)
    monkeypatch.setattr(providers, "named", lambda _: narrow)
    make_job(attempt=2**31 - 1)  # It can't be counted up any further, so the database refuses.

    with pytest.raises(Error):
        scheduler.take()

    assert rate_limiter.look(narrow).room == 1


def test_a_model_that_is_not_ours_stops_no_other(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    first, second = make_job(), make_job()
    upstream.script(scripts.reply(NO_SUCH_MODEL, 403))

    run(first.pk)
    run(second.pk)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.error_code) == (State.FAILED, "model_not_found")
    assert second.state == State.SUCCEEDED
