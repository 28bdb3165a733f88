"""The row of a new job as it enters the queue: from a request, or like a job that was before."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from imagestudio.images_api import pricing
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest
from jobs.models import Job, JobInput

# What was asked for, by whom and of which service. All other columns begin anew with each job; a
# test wants every column of the model to be in one of the two.
COPIED = (
    "team",
    "owner",
    "source",
    "visibility",
    "request",
    "operation",
    "model",
    "prompt",
    "n",
    "provider",
    "keeps_outside",
)
COPIED_OF_INPUTS = ("upload_id", "role", "position")


def of_request(request: ImageRequest, service: Provider, **columns: Any) -> Job:
    """A job that asks this service for this; not in the database yet."""
    estimate = pricing.estimate(service.as_sent(request))
    return _queued(
        request=request.to_json(),
        operation=request.operation,
        model=request.model,
        prompt=request.prompt,
        n=request.n,
        provider=service.name,
        estimate_low_microusd=estimate.low_microusd,
        estimate_high_microusd=estimate.high_microusd,
        policy=settings.HELD_POLICY,
        **columns,
    )


def insert_like(job: Job, **columns: Any) -> Job:
    """Insert a job that asks for the same with the same pictures, but for these columns."""
    copy = _queued(**{name: getattr(job, name) for name in COPIED} | columns)
    copy.save(force_insert=True)
    JobInput.objects.bulk_create(
        JobInput(job=copy, **{name: getattr(each, name) for name in COPIED_OF_INPUTS})
        for each in job.inputs.all()
    )
    return copy


def _queued(**columns: Any) -> Job:
    return Job(
        # The first ring follows at once, so the sweeper need not.
        dispatched_at=Now(),
        deadline_at=Now() + timedelta(seconds=settings.JOB_DEADLINE_S),
        price_version=pricing.PRICE_VERSION,
        **columns,
    )
