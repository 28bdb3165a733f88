"""What nobody else finishes: lost messages, lost workers, late answers, passed deadlines.

Every step may be cut off anywhere and run again. It returns the jobs to ring for.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import Error, transaction
from django.db.models import F
from django.db.models.functions import Now

from jobs.models import Attempt, Image, Job, LateResult
from jobs.queries import JobQuerySet
from jobs.services import pulse, spool
from jobs.services.finish import finish
from jobs.states import FINAL, Outcome, State

logger = logging.getLogger(__name__)

BATCH = 500
LEFTOVER_S = 7 * 24 * 3600.0


def sweep() -> list[UUID]:
    """One round; returns the ids of jobs whose doorbell should ring."""
    for job in Job.objects.abandoned()[:BATCH]:
        with _one_by_one(job.pk):
            _recover(job)
    _tidy_spool()
    _expire()
    pulse.beat(pulse.SWEEPER)
    return [*_due(), *_thumbless()]


def _recover(job: Job) -> None:
    """Take a job from a worker that stopped extending its lease."""
    entry = spool.Entry(job.pk, job.fence)
    if entry.is_complete:
        if finish(job, entry):
            logger.info("job %s was finished from the answer that its worker left", job.pk)
    elif Attempt.objects.filter(job=job, fence=job.fence).exists():
        _hold(job)
    else:
        _requeue_after_crash(job)


@transaction.atomic
def _hold(job: Job) -> None:
    """A call was on its way and nobody knows how it ended: it must not be made again by itself."""
    Attempt.objects.filter(job=job, fence=job.fence).update(outcome=Outcome.UNKNOWN)
    Job.objects.take_back(
        job.pk,
        State.RUNNING,
        State.HELD,
        fence=job.fence,
        held_until=Now() + timedelta(seconds=settings.HELD_DEADLINE_S),
        error_code="outcome_unknown",
        error_message="The worker stopped while the request was on its way. It may have been"
        " carried out and billed, so it is not repeated by itself.",
        may_be_billed=True,
    )
    logger.warning("job %s is held: its worker stopped during the call", job.pk)


def _requeue_after_crash(job: Job) -> None:
    if job.crash_count + 1 >= settings.MAX_CRASHES:
        Job.objects.take_back(
            job.pk,
            State.RUNNING,
            State.FAILED,
            fence=job.fence,
            crash_count=F("crash_count") + 1,
            error_code="poison",
            error_message=f"A worker stopped {settings.MAX_CRASHES} times while it prepared this"
            " job. Nothing was sent, nothing was spent.",
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
    except (OSError, Error) as error:
        logger.warning("job %s could not be swept: %s: %s", job_id, type(error).__name__, error)


def _tidy_spool() -> None:
    entries = list(spool.entries())
    jobs = Job.objects.in_bulk({entry.job_id for entry in entries})
    for entry in entries:
        job = jobs.get(entry.job_id)
        if job is not None and not (job.state == State.RUNNING and job.fence == entry.fence):
            with _one_by_one(job.pk):
                _tidy(job, entry)


def _tidy(job: Job, entry: spool.Entry) -> None:
    """Bring a folder that nobody works on any more to its end."""
    if entry.is_complete:
        _settle_late(job, entry)
    elif job.is_final and entry.age_s() > LEFTOVER_S:
        entry.discard()


def _settle_late(job: Job, entry: spool.Entry) -> None:
    """An answer whose worker lost the job on the way."""
    if Image.objects.filter(job=job, key__startswith=f"images/{job.pk}/{entry.fence}/").exists():
        entry.discard()
    elif job.state == State.HELD:
        if finish(job, entry):
            logger.info("held job %s has its answer after all", job.pk)
    elif job.state in FINAL:
        LateResult.objects.get_or_create(job=job, fence=entry.fence)


def _expire() -> None:
    """Deadlines of jobs that never started, and of questions that nobody answered."""
    queued = Job.objects.filter(state=State.QUEUED, deadline_at__lt=Now())
    for job in queued[:BATCH]:
        Job.objects.move(
            job.pk,
            State.QUEUED,
            State.FAILED,
            fence=None,
            error_code="expired",
            error_message="It waited past its deadline and was never sent. Nothing was spent."
            + (f" Last problem: {job.error_message}" if job.error_message else ""),
        )
    for job in Job.objects.filter(state=State.HELD, held_until__lt=Now())[:BATCH]:
        Job.objects.take_back(
            job.pk,
            State.HELD,
            State.FAILED,
            fence=job.fence,
            error_code="outcome_unknown",
            error_message="Nobody decided within the time given. It may have been billed.",
        )


def _due() -> Iterator[UUID]:
    return _mark_dispatched(Job.objects.due(settings.REDISPATCH_S).order_by("run_after"))


def _thumbless() -> Iterator[UUID]:
    return _mark_dispatched(Job.objects.without_thumbnails(settings.REDISPATCH_S))


def _mark_dispatched(jobs: JobQuerySet) -> Iterator[UUID]:
    ids = list(jobs.values_list("pk", flat=True)[:BATCH])
    Job.objects.filter(pk__in=ids).update(dispatched_at=Now())
    yield from ids
