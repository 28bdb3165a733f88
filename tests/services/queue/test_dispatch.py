"""For whom the doorbell rings, and for how many."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import redis
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.models import Job, ProviderTrouble
from jobs.services.queue import dispatch, rate_limiter, scheduler
from jobs.services.queue.provider_limits import Share
from jobs.states import State
from tests.conftest import MakeJob


@pytest.fixture(autouse=True)
def own_queue(settings: Settings) -> Iterator[redis.Redis]:
    settings.CELERY_TASK_DEFAULT_QUEUE = f"images-{uuid4().hex}"
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
        yield client
        client.delete(settings.CELERY_TASK_DEFAULT_QUEUE)


@pytest.fixture(autouse=True)
def own_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that a test leaves in flight are not kept up behind it."""
    monkeypatch.setattr(rate_limiter, "_share", Share())


def limit(settings: Settings, **limits: int) -> None:
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], **limits),)


def test_it_rings_for_jobs_whose_message_was_lost(make_job: MakeJob) -> None:
    lost = make_job()
    make_job(dispatched_at=Now())
    old = make_job(dispatched_at=Now() - timedelta(seconds=60))
    make_job(state=State.RUNNING)

    assert set(dispatch.to_ring()) == {lost.pk, old.pk}


def test_it_does_not_ring_twice_at_once(make_job: MakeJob) -> None:
    make_job()

    assert [len(dispatch.to_ring()), len(dispatch.to_ring())] == [1, 0]


def test_it_rings_for_no_more_than_may_go(make_job: MakeJob, settings: Settings) -> None:
    limit(settings, max_concurrency=5)
    for _ in range(8):
        make_job()
    for _ in range(3):
        scheduler.take()

    assert len(dispatch.to_ring()) == 2


def test_it_rings_for_nobody_during_a_pause(make_job: MakeJob, settings: Settings) -> None:
    make_job()
    rate_limiter.pause(settings.PROVIDERS[0], 30)

    assert dispatch.to_ring() == []


@pytest.mark.parametrize(("wait_s", "count"), [(60, 0), (-1, 1)])
def test_of_a_closed_provider_it_rings_for_the_one_that_tries(
    make_job: MakeJob, settings: Settings, wait_s: int, count: int
) -> None:
    for _ in range(3):
        make_job()
    ProviderTrouble.objects.create(
        provider=settings.PROVIDERS[0].name,
        kind="down",
        failures=5,
        until=Now() + timedelta(seconds=wait_s),
    )

    assert len(dispatch.to_ring()) == count


def test_it_rings_for_jobs_of_a_service_that_is_gone(make_job: MakeJob) -> None:
    stray = make_job(provider="gone")

    assert dispatch.to_ring() == [stray.pk]


def test_messages_that_nobody_took_yet_count(
    make_job: MakeJob, settings: Settings, own_queue: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all workers busy the queue must not grow by itself."""
    monkeypatch.setattr(dispatch, "BATCH", 5)
    for _ in range(8):
        make_job()
    own_queue.rpush(settings.CELERY_TASK_DEFAULT_QUEUE, "one", "two", "three")

    assert len(dispatch.to_ring()) == 2


def test_it_rings_though_valkey_is_away(make_job: MakeJob, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/2"
    make_job()

    assert len(dispatch.to_ring()) == 1


def test_a_place_that_became_free_is_for_one_that_was_turned_away(
    make_job: MakeJob, settings: Settings
) -> None:
    limit(settings, max_concurrency=1)
    first = make_job(dispatched_at=Now())
    make_job(dispatched_at=Now())
    turned_away = make_job(dispatched_at=Now())
    scheduler.unring(turned_away.pk)

    assert [dispatch.after(first), dispatch.after(first)] == [[turned_away.pk], []]


def test_without_a_limit_of_places_nobody_waits_for_one(make_job: MakeJob) -> None:
    first = make_job()
    make_job()

    assert dispatch.after(first) == []


def test_the_jobs_it_rings_for_are_marked(make_job: MakeJob) -> None:
    job = make_job()

    dispatch.to_ring()

    assert Job.objects.filter(pk=job.pk, dispatched_at__isnull=False).exists()
