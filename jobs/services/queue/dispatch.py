"""Dispatch: a message for as many jobs as may go, and none again while one is under way."""

from uuid import UUID

import redis
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from imagestudio.images_api.providers import Provider
from imagestudio.web.valkey import client
from jobs.models import Job
from jobs.queries import JobQuerySet
from jobs.services.queue import circuit_breaker, providers, rate_limiter
from jobs.states import State

BATCH = 500


def to_ring() -> list[UUID]:
    """Due jobs whose message was lost or used up; of each provider as many as may go now.

    A message is for anybody's job, so those that hang unread count against the new ones: when all
    workers are busy nothing piles up.
    """
    left = BATCH - _unread()
    found: list[UUID] = []
    due = Job.objects.due(settings.REDISPATCH_S).order_by("run_after")
    for jobs, room in _by_provider(due):
        count = min(room, left - len(found))
        if count > 0:
            found += jobs.values_list("pk", flat=True)[:count]
    Job.objects.filter(pk__in=found).update(dispatched_at=Now())
    return found


def after(job: Job) -> list[UUID]:
    """A call is over: its place is for one whose message came while all were taken."""
    provider = providers.named(job.provider)
    if provider is None or not provider.max_concurrency:
        return []
    waiting = Job.objects.filter(
        provider=job.provider, state=State.QUEUED, dispatched_at=None, run_after__lte=Now()
    )
    with transaction.atomic():
        rows = waiting.select_for_update(skip_locked=True, of=("self",)).order_by()
        ids = list(rows.values_list("pk", flat=True)[:1])
        waiting.filter(pk__in=ids).update(dispatched_at=Now())
    return ids


def _by_provider(due: JobQuerySet) -> list[tuple[JobQuerySet, int]]:
    known = providers.every()
    # Nobody can be called for these, which is said to their owners by the worker that takes them.
    strays = due.exclude(provider__in=[provider.name for provider in known])
    closed = circuit_breaker.closed()
    rooms = [(due.filter(provider=each.name), _room(each, closed)) for each in known]
    return [*rooms, (strays, BATCH)]


def _room(provider: Provider, closed: dict[str, bool]) -> int:
    if provider.name in closed:
        is_due_for_a_try = closed[provider.name]
        return 1 if is_due_for_a_try else 0
    return rate_limiter.look(provider).room


def _unread() -> int:
    """Messages that no worker has taken yet."""
    try:
        return int(client(settings.REDIS_URL).llen(settings.CELERY_TASK_DEFAULT_QUEUE))
    except redis.RedisError:
        return 0
