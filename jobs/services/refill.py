"""Making the pictures that a partly done job lacks."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db.models import F

from imagestudio.accounts.models import User
from imagestudio.images_api.capabilities import Problem
from jobs.models import Job
from jobs.queries import IN_VAIN, JobQuerySet
from jobs.services.refusals import SubmitRefused
from jobs.services.submit import GivenPictures, submit
from jobs.states import ErrorCode, InputRole, Source, State, Visibility

KEY = "refill:"


def of(jobs: Sequence[Job]) -> dict[UUID, Job]:
    """The refills that were made for these jobs, or are under way, by the job that they fill."""
    partial = [job.pk for job in jobs if job.error_code == ErrorCode.PARTIAL]
    if not partial:
        return {}
    refills = _made_by_owner().filter(parent__in=partial)
    return {job.parent_id: job for job in refills.exclude(state__in=IN_VAIN) if job.parent_id}


def missing(job: Job) -> int:
    """How many of the pictures that were asked for never came; none of an unfinished job."""
    if job.state != State.SUCCEEDED:
        return 0
    return max(0, job.n - len(job.images.all()))


def refill(actor: User, job: Job) -> Job:
    """A new job for just the missing pictures, the same one however often it is asked for.

    It is judged like any other: raises NotAllowed, or SubmitRefused with the problems of today.
    """
    count = missing(job)
    if not count:
        raise SubmitRefused([Problem("n", "No picture of this job is missing.")])
    # Those that came to nothing are no refill; their number makes the key of the next one.
    in_vain = _made_by_owner().filter(parent=job, state__in=IN_VAIN)
    return submit(
        actor,
        job.team,
        replace(job.image_request, n=count),
        _inputs(job),
        provider=job.provider,
        visibility=Visibility(job.visibility),
        source=Source(job.source),
        idempotency_key=f"{KEY}{job.pk}:{in_vain.count()}",
        form=f"{KEY}{job.pk}",
        parent=job,
        keeps_outside=job.keeps_outside,
    )


def _made_by_owner() -> JobQuerySet:
    """Others may name a visible job as the parent of theirs, under any key that they like."""
    return Job.objects.filter(owner=F("parent__owner"), idempotency_key__startswith=KEY)


def _inputs(job: Job) -> GivenPictures:
    uses = list(job.inputs.select_related("upload"))
    layers = {use.role: use.upload for use in uses}
    return GivenPictures(
        images=tuple(use.upload for use in uses if use.role == InputRole.IMAGE),
        mask=layers.get(InputRole.MASK),
        markup=layers.get(InputRole.MARKUP),
        references=job.image_request.references,
    )
