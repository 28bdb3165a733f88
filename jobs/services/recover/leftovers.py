"""Spool folders that no worker is at work on: late answers, and what nobody needs any more."""

import logging
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from imagestudio.images_api import pricing
from jobs.models import Attempt, Image, Job, LateResult
from jobs.services.run import spool, unread
from jobs.services.run.finish import finish
from jobs.services.run.settle import tell_cancelled
from jobs.states import Outcome, State

logger = logging.getLogger(__name__)

LEFTOVER_S = 7 * 24 * 3600.0


def of_nobody() -> Iterator[tuple[Job, spool.SpoolEntry]]:
    """The folders that are nobody's work now, each with its job."""
    entries = list(spool.entries())
    jobs = Job.objects.in_bulk({entry.job_id for entry in entries})
    for entry in entries:
        job = jobs.get(entry.job_id)
        is_at_work = job is not None and job.state == State.RUNNING and job.fence == entry.fence
        if job is not None and not is_at_work:
            yield job, entry


def tidy(job: Job, entry: spool.SpoolEntry) -> None:
    """Bring a folder to its end. May be cut off anywhere and done again."""
    if entry.is_complete:
        _settle_late(job, entry)
        return
    # Earlier, a worker that lost its job may still be writing here.
    if not entry.is_late and entry.age_s() > settings.CALL_DEADLINE_S:
        unread.keep(job, entry)
    if job.is_final and not entry.is_late and entry.age_s() > LEFTOVER_S:
        entry.discard()


def clear_settled() -> None:
    """Late answers that are shown by now, or that their owners do not want."""
    late = {(entry.job_id, entry.fence): entry for entry in spool.entries() if entry.is_late}
    settled = Q(taken_as__state=State.SUCCEEDED) | Q(dismissed_at__isnull=False)
    rows = LateResult.objects.filter(settled, job__in={job_id for job_id, _ in late})
    for key in rows.values_list("job_id", "fence"):
        if key in late:
            late[key].discard()


def _settle_late(job: Job, entry: spool.SpoolEntry) -> None:
    """An answer whose worker lost the job on the way."""
    if Image.objects.filter(job=job, key__startswith=f"images/{job.pk}/{entry.fence}/").exists():
        unread.keep(job, entry)
        entry.discard()
    elif job.state == State.HELD:
        if finish(job, entry):
            logger.info("held job %s has its answer after all", job.pk)
    elif _is_unusable(job, entry):
        entry.set_aside()
    elif job.is_final:
        _note_call(job, entry)
        LateResult.objects.get_or_create(job=job, fence=entry.fence)
        tell_cancelled(job.pk)
        entry.note_late()


def _is_unusable(job: Job, entry: spool.SpoolEntry) -> bool:
    """Whether this very answer was looked at and found bad; another call's says nothing of it."""
    attempts = Attempt.objects.filter(job=job, fence=entry.fence, outcome=Outcome.UNUSABLE)
    return attempts.exists()


def _note_call(job: Job, entry: spool.SpoolEntry) -> None:
    """What the call cost, where its worker did not live to say so."""
    answer = entry.read()
    Attempt.objects.doubtful().filter(job=job, fence=entry.fence).update(
        outcome=Outcome.ANSWERED,
        answered_at=Now(),
        http_status=answer.http_status,
        upstream_request_id=answer.request_id or "",
        bytes_received=answer.bytes_received,
        cost_microusd=pricing.actual_microusd(job.model, answer.usage) if answer.usage else None,
    )
