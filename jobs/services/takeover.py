"""Finishing a job that was made for a late answer: no call, and no cost of its own.

Final is final, so the job that ended without the answer stays as it is. Its owner gets a new one,
which goes the usual way (queued, running, succeeded); only its answer is there already.
"""

import logging

from django.db.models.functions import Now

from jobs.models import Job, LateResult
from jobs.services.finish import finish
from jobs.services.requeue import fail
from jobs.services.spool import Entry

logger = logging.getLogger(__name__)


def answer_for(job: Job) -> LateResult | None:
    return LateResult.objects.filter(taken_as=job).first()


def take_over(job: Job, late: LateResult) -> bool:
    """Finish the job from the late answer; True when its pictures are stored."""
    source, entry = Entry(late.job_id, late.fence), Entry(job.pk, job.fence)
    try:
        entry.prepare()
        entry.copy_late_answer(source)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        logger.exception("the late answer to job %s can't be read", late.job_id)
        fail(job, "late_gone", "The picture that arrived late can't be found on disk any more.")
        return False
    is_finished = finish(job, entry)
    if is_finished and job.images.exists():
        source.discard()
    elif is_finished:
        # No picture in it can be opened, so nothing is left to offer.
        LateResult.objects.filter(pk=late.pk).update(dismissed_at=Now())
    return is_finished
