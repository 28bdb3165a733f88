"""Finishing a job that was made for an answer to an earlier one: no call, and no cost of its own.

Final is final, so the job that ended without the answer stays as it is. Its owner gets a new one,
which goes the usual way (queued, running, succeeded); only its answer is there already, or lies at
addresses that are asked again.
"""

import logging

from django.db.models.functions import Now

from imagestudio.web.database import release_connection
from jobs.models import Job, LateResult, UnreadAnswer
from jobs.services.queue import providers
from jobs.services.run import unread, upstream
from jobs.services.run.finish import finish
from jobs.services.run.requeue import fail
from jobs.services.run.spool import SpoolEntry
from jobs.states import ErrorCode

logger = logging.getLogger(__name__)


def answer_for(job: Job) -> LateResult | None:
    return LateResult.objects.filter(taken_as=job).first()


def take_over(job: Job, late: LateResult) -> bool:
    """Finish the job from the late answer; True when its pictures are stored."""
    source, entry = SpoolEntry(late.job_id, late.fence), SpoolEntry(job.pk, job.fence)
    try:
        entry.prepare()
        entry.copy_late_answer(source)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        logger.exception("the late answer to job %s can't be read", late.job_id)
        words = "The picture that arrived late can't be found on disk any more."
        fail(job, ErrorCode.LATE_GONE, words)
        return False
    is_finished = finish(job, entry)
    if is_finished and job.images.exists():
        if unread.keep_if_possible(late.job, source):
            source.discard()
    elif is_finished:
        # No picture in it can be opened, so nothing is left to offer.
        LateResult.objects.filter(pk=late.pk).update(dismissed_at=Now())
    return is_finished


def addresses_for(job: Job) -> list[str]:
    return list(UnreadAnswer.objects.filter(taken_as=job).values_list("address", flat=True))


def ask_again(job: Job, entry: SpoolEntry, addresses: list[str]) -> bool:
    """Fetch what an earlier answer only named; True when its pictures are stored."""
    if providers.named(job.provider) is None:
        words = f"It came from {job.provider}, which is not set up now."
        fail(job, ErrorCode.PROVIDER_CHANGED, words)
        return False
    entry.prepare()
    release_connection()  # A store may need its time.
    answer = upstream.fetch(job, entry, addresses)
    problems = [image.problem for image in answer.images if image.problem]
    if len(problems) == len(addresses):
        entry.discard()
        words = f"The address of the picture still does not give it: {problems[0]}."
        fail(job, ErrorCode.NOT_FETCHED, f"{words} You can ask it again while it lives.")
        return False
    entry.commit(answer)
    return finish(job, entry)
