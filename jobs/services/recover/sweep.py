"""Sweeper: finishes what nobody else does. Lost messages and workers, late answers, deadlines.

Every step may be cut off anywhere and run again. It returns the jobs to ring for. A job whose
workers die again and again is poison; a canary is a message that shows whether any worker hears.
"""

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from imagestudio.web.database import UNREACHABLE
from imagestudio.web.loops import is_outage
from jobs.models import Attempt, Job
from jobs.queries import JobQuerySet
from jobs.services.queue import dispatch
from jobs.services.recover import leftovers
from jobs.services.run import failpoints, heartbeats, spool
from jobs.services.run.finish import finish
from jobs.services.run.requeue import send_again
from jobs.states import ErrorCode, Outcome, Policy, State
from jobs.telling import Money, Telling

logger = logging.getLogger(__name__)

BATCH = 500
HEAVY_WORK_S = 5.0  # Of each round; the doorbell must not wait for hundreds of pictures.
STUCK_S = 15 * 60
BY_RULE = "This studio's rule is to end such jobs at once."


def sweep(*, may_recover: bool = True) -> list[UUID]:
    """One round; returns the ids of jobs whose doorbell should ring.

    Without `may_recover` leases are left alone: after the database was away they are all old, and
    their workers must get a chance to extend them first.
    """
    heartbeats.beat(heartbeats.SWEEPER)
    if not _is_anything_due():
        return []
    _expire()
    _follow_policies()
    until = time.monotonic() + HEAVY_WORK_S
    if may_recover:
        _recover_abandoned(until)
    _tidy_spool(until)
    return [*dispatch.to_ring(), *_thumbless()]


def _is_anything_due() -> bool:
    """One statement, since most rounds find nothing; each step looks again for itself."""
    looks = (
        _never_started(),
        _never_answered(),
        _held_by(Policy.NEVER),
        _held_by(Policy.RETRY),
        Job.objects.abandoned(),
        Job.objects.due(settings.REDISPATCH_S),
        Job.objects.without_thumbnails(settings.REDISPATCH_S),
    )
    first, *others = (jobs.order_by().values_list("pk", flat=True)[:1] for jobs in looks)
    return bool(list(first.union(*others, all=True))) or any(spool.entries())


def _never_started() -> JobQuerySet:
    return Job.objects.filter(state=State.QUEUED, deadline_at__lt=Now())


def _never_answered() -> JobQuerySet:
    return Job.objects.filter(state=State.HELD, held_until__lt=Now())


def _held_by(policy: Policy) -> JobQuerySet:
    """Held jobs that no person is to be asked about."""
    return Job.objects.filter(state=State.HELD, policy=policy)


def canary() -> Iterator[UUID]:
    """Now and then a message for no job, to see that messages reach a worker at all."""
    age_s = heartbeats.age_s(heartbeats.CANARY)
    if age_s is None or age_s >= settings.CANARY_S:
        heartbeats.beat(heartbeats.CANARY)
        yield heartbeats.CANARY_ID


def _recover_abandoned(until: float) -> None:
    """First those whose row is all there is to change; storage may take long, or be away."""
    jobs = list(Job.objects.abandoned()[:BATCH])
    with_answer = [job for job in jobs if spool.SpoolEntry(job.pk, job.fence).is_complete]
    for job in jobs:
        if job not in with_answer:
            with _one_by_one(job.pk):
                _recover(job)
    # In any order: always the same ones first would keep the others waiting behind them.
    random.shuffle(with_answer)
    for job in with_answer:
        if time.monotonic() < until:
            with _one_by_one(job.pk):
                _recover(job)


def _recover(job: Job) -> None:
    """Take a job from a worker that stopped extending its lease."""
    entry = spool.SpoolEntry(job.pk, job.fence)
    if entry.is_complete:
        _finish_for_worker(job, entry)
        return
    with transaction.atomic():
        # The call before its job, as a worker that settles locks them.
        attempts = Attempt.objects.filter(job=job, fence=job.fence)
        list(attempts.select_for_update(of=("self",)))
        # Asked again under a lock: its worker may have come back since the list was made.
        mine = Job.objects.abandoned().filter(pk=job.pk, fence=job.fence)
        again = mine.select_for_update(of=("self",)).first()
        if again is None:
            return
        (_hold if attempts.exists() else _requeue_after_crash)(again)
        failpoints.reach("before_recovery", job.pk)


def _finish_for_worker(job: Job, entry: spool.SpoolEntry) -> None:
    try:
        if finish(job, entry):
            logger.info("job %s was finished from the answer that its worker left", job.pk)
    except Exception:
        _hold_if_stuck(job)
        raise


def _hold_if_stuck(job: Job) -> None:
    """Its answer is here and can't be stored: after a while its owner should know, and decide."""
    stuck = Job.objects.filter(pk=job.pk, lease_until__lt=Now() - timedelta(seconds=STUCK_S))
    if stuck.exists():
        words = "Its answer arrived, but the studio can't store it at the moment."
        _take_into_held(job, Telling(words))


def _hold(job: Job) -> None:
    """A call was on its way and nobody knows how it ended: it must not be made again by itself."""
    words = "The worker stopped while the request was on its way."
    if _take_into_held(job, Telling(words, Money.NOT_REPEATED)):
        Attempt.objects.filter(job=job, fence=job.fence).update(outcome=Outcome.UNKNOWN)
        logger.warning("job %s is held: its worker stopped during the call", job.pk)


def _take_into_held(job: Job, told: Telling) -> bool:
    return Job.objects.take_back(
        job.pk,
        State.RUNNING,
        State.HELD,
        fence=job.fence,
        held_until=Now() + timedelta(seconds=settings.HELD_DEADLINE_S),
        error_code=ErrorCode.OUTCOME_UNKNOWN,
        **told.fields(),
        may_be_billed=True,
    )


def _requeue_after_crash(job: Job) -> None:
    if job.crash_count + 1 >= settings.MAX_CRASHES:
        words = f"A worker stopped {settings.MAX_CRASHES} times while it prepared this job."
        Job.objects.take_back(
            job.pk,
            State.RUNNING,
            State.FAILED,
            fence=job.fence,
            crash_count=F("crash_count") + 1,
            error_code=ErrorCode.POISON,
            **Telling(words, Money.NOTHING, after_doubt=job.may_be_billed).fields(),
        )
        return
    Job.objects.take_back(
        job.pk,
        State.RUNNING,
        State.QUEUED,
        fence=job.fence,
        crash_count=F("crash_count") + 1,
        run_after=Now(),
        dispatched_at=None,
    )
    logger.info("job %s is queued again: its worker stopped before the call", job.pk)


@contextmanager
def _one_by_one(job_id: UUID) -> Iterator[None]:
    """One job's trouble must not keep the others waiting; the next round tries again."""
    try:
        yield
    except UNREACHABLE:
        raise  # The database itself is away, and so is the lock of this round.
    except Exception as error:
        # Whatever an answer holds that nobody thought of: it must not stop the only clock.
        if not is_outage(error):
            logger.exception("job %s could not be swept", job_id)
            return
        logger.warning("job %s could not be swept: %s: %s", job_id, type(error).__name__, error)


def _tidy_spool(until: float) -> None:
    for job, entry in leftovers.of_nobody():
        if time.monotonic() < until:
            with _one_by_one(job.pk):
                leftovers.tidy(job, entry)


def _expire() -> None:
    """Deadlines of jobs that never started, and of questions that nobody answered."""
    for job in _never_started()[:BATCH]:
        Job.objects.move(
            job.pk,
            State.QUEUED,
            State.FAILED,
            fence=None,
            error_code=ErrorCode.EXPIRED,
            **_too_late(job).fields(),
        )
    for job in _never_answered()[:BATCH]:
        Job.objects.take_back(
            job.pk,
            State.HELD,
            State.FAILED,
            fence=job.fence,
            error_code=ErrorCode.OUTCOME_UNKNOWN,
            **Telling("Nobody decided within the time given.", Money.IT_MAY).fields(),
        )


def _follow_policies() -> None:
    for job in _held_by(Policy.NEVER)[:BATCH]:
        Job.objects.take_back(
            job.pk,
            State.HELD,
            State.FAILED,
            fence=job.fence,
            error_code=ErrorCode.OUTCOME_UNKNOWN,
            **_ended_by_rule(job.telling).fields(),
        )
    for job in _held_by(Policy.RETRY)[:BATCH]:
        if job.attempts.doubtful().count() > settings.HELD_RETRIES:
            # It had its tries; from now on a person decides.
            Job.objects.filter(pk=job.pk).update(policy=Policy.ASK)
        else:
            send_again(job, decided_by=None)


def _ended_by_rule(last: Telling) -> Telling:
    return replace(last, more=f"{last.more} {BY_RULE}".strip())


def _too_late(job: Job) -> Telling:
    last = str(replace(job.telling, after_doubt=False))  # Which is said once, at the end.
    return Telling(
        "It waited past its deadline.",
        Money.NOTHING,
        f"Last problem: {last}" if last else "",
        after_doubt=job.may_be_billed,
    )


def _thumbless() -> Iterator[UUID]:
    return _mark_dispatched(Job.objects.without_thumbnails(settings.REDISPATCH_S))


def _mark_dispatched(jobs: JobQuerySet) -> Iterator[UUID]:
    ids = list(jobs.values_list("pk", flat=True)[:BATCH])
    Job.objects.filter(pk__in=ids).update(dispatched_at=Now())
    yield from ids
