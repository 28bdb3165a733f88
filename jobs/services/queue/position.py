"""Position of a queued job, and when it may start: a range, honest about not knowing."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from imagestudio.images_api.providers import Provider
from imagestudio.web.statements import statement
from imagestudio.web.token_bucket import MINUTE_MS
from jobs.models import Job
from jobs.services.queue import circuit_breaker, providers, rate_limiter
from jobs.services.queue.circuit_breaker import ProviderNotice
from jobs.services.queue.provider_limits import Reason
from jobs.states import State

MOST = 100  # Past it nobody counts: "100+".
LAST_CALLS = 50
# A model that nobody used yet gives no durations; the usual ones of the official service do.
USUAL_S = (15.0, 90.0)
NOW_S = 3.0  # From a free slot to the call: a message, a claim.
FRESH_S = 10.0


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """How many go before a job, and in how many seconds it starts; None is not known."""

    ahead_mine: int
    ahead_others: int
    starts_in_low_s: float | None
    starts_in_high_s: float | None
    reason: Reason | None = None  # Why nothing of its provider may go at this moment.
    closed: ProviderNotice | None = None
    retry_at: datetime | None = None  # Not before this, after a try that failed.

    @property
    def ahead(self) -> int:
        return min(MOST, self.ahead_mine + self.ahead_others)

    @property
    def is_counted(self) -> bool:
        """False means that `ahead` is a lower bound, to be shown as "100+"."""
        return self.ahead < MOST


@dataclass(frozen=True, slots=True)
class Depth:
    """One member's part of a provider's queue."""

    waiting: int
    running: int


@dataclass(frozen=True, slots=True)
class ProviderQueue:
    """The queue of one provider, as it is now."""

    by_owner: dict[UUID, Depth]
    running_elsewhere: int
    view: rate_limiter.View

    @property
    def running(self) -> int:
        return sum(depth.running for depth in self.by_owner.values())


POSITIONS = statement(__package__, "positions.sql")
DEPTHS = statement(__package__, "depths.sql")
DURATIONS = statement(__package__, "durations.sql")


def positions_of(jobs: Sequence[Job]) -> dict[UUID, QueuePosition]:
    """The positions of all queued jobs among these, in a fixed number of queries."""
    queued = [job for job in jobs if job.state == State.QUEUED]
    if not queued:
        return {}
    own_ahead = _own_ahead(queued)
    queues = _queues({job.provider for job in queued})
    closed = {notice.provider: notice for notice in circuit_breaker.notices()}
    return {
        job.pk: _position(job, own_ahead[job.pk], queues[job.provider], closed.get(job.provider))
        for job in queued
        if job.pk in own_ahead
    }


def ahead_of(mine: int, queue: ProviderQueue, owner: UUID) -> int:
    """How many jobs of others start before a member's next but `mine`, when turns are fair.

    Others start until they have as many at work as the member would have then; ties count for them.
    """
    level = (queue.by_owner[owner].running if owner in queue.by_owner else 0) + mine + 1
    others = (depth for key, depth in queue.by_owner.items() if key != owner)
    return sum(min(depth.waiting, max(0, level - depth.running)) for depth in others)


def starts_in(
    ahead: int, queue: ProviderQueue, provider: Provider | None, durations_s: tuple[float, float]
) -> tuple[float, float]:
    """From and to, in seconds, if the calls to come take as long as the last ones did."""
    usual_s, long_s = durations_s
    slots = _slots(queue, provider)
    # So many calls must end first; they end one after the other, `slots` in a call's time.
    ends = ahead + 1 - (slots - queue.running)
    low_s, high_s = 0.0, NOW_S
    if ends > 0:
        low_s = (ends - 1) / slots * usual_s
        high_s = math.ceil(ends / slots) * long_s + NOW_S
    limits_s = queue.view.wait_s + _paced_s(ahead, queue, provider)
    return max(low_s, limits_s), max(high_s, limits_s + NOW_S)


def _position(
    job: Job, mine: int, queue: ProviderQueue, closed: ProviderNotice | None
) -> QueuePosition:
    provider = providers.named(job.provider)
    others = min(MOST, ahead_of(mine, queue, job.owner_id))
    low_s: float | None
    high_s: float | None
    low_s, high_s = starts_in(mine + others, queue, provider, _durations_s(job.provider, job.model))
    if max(mine, others) >= MOST:
        high_s = None
    if closed is not None:
        low_s = high_s = None
    is_retry = job.attempt > 0 and bool(job.error_code)
    return QueuePosition(
        ahead_mine=mine,
        ahead_others=others,
        starts_in_low_s=low_s,
        starts_in_high_s=high_s,
        reason=queue.view.reason if queue.view.room == 0 else None,
        closed=closed,
        retry_at=job.run_after if is_retry else None,
    )


def _slots(queue: ProviderQueue, provider: Provider | None) -> int:
    """How many calls to the provider can be in flight at once."""
    threads = settings.WORKERS * settings.WORKER_THREADS - queue.running_elsewhere
    most = provider.max_concurrency if provider else None
    return max(1, min(threads, most or threads))


def _paced_s(ahead: int, queue: ProviderQueue, provider: Provider | None) -> float:
    """How long the limits of a minute delay those ahead, once nothing else does."""
    if provider is None:
        return 0.0
    rates = [rate for rate in (provider.requests_per_minute, provider.images_per_minute) if rate]
    late = ahead + 1 - queue.view.room
    if not rates or late <= 1:
        return 0.0
    return (late - 1) * MINUTE_MS / 1000 / min(rates)


def _own_ahead(jobs: list[Job]) -> dict[UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute(POSITIONS, [MOST, [job.pk for job in jobs]])
        return dict(cursor.fetchall())


def _queues(names: set[str]) -> dict[str, ProviderQueue]:
    depths: dict[str, dict[UUID, Depth]] = {name: {} for name in names}
    everywhere = 0
    with connection.cursor() as cursor:
        cursor.execute(DEPTHS, [sorted(names), MOST])
        for name, owner, waiting, running in cursor.fetchall():
            everywhere += running
            if name in depths:
                depths[name][owner] = Depth(waiting, running)
    return {
        name: ProviderQueue(
            by_owner=by_owner,
            running_elsewhere=everywhere - sum(depth.running for depth in by_owner.values()),
            view=_view(name),
        )
        for name, by_owner in depths.items()
    }


def _view(name: str) -> rate_limiter.View:
    provider = providers.named(name)
    return rate_limiter.look(provider) if provider else rate_limiter.UNLIMITED


_known_durations: dict[tuple[str, str], tuple[float, tuple[float, float]]] = {}


def _durations_s(provider: str, model: str) -> tuple[float, float]:
    """The middle and the long one of the last calls; each process asks now and then only."""
    asked_at, known_s = _known_durations.get((provider, model), (-FRESH_S, USUAL_S))
    if time.monotonic() - asked_at < FRESH_S:
        return known_s
    with connection.cursor() as cursor:
        cursor.execute(DURATIONS, [provider, model, LAST_CALLS])
        [(found,)] = cursor.fetchall()
    known_s = (found[0], found[1]) if found else USUAL_S
    _known_durations[provider, model] = time.monotonic(), known_s
    return known_s
