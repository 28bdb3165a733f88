"""Calling off a job that nobody works on yet."""

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.services import money
from jobs.states import State


def cancel(actor: User, job: Job) -> bool:
    """Cancel a queued job at once; False when its work has begun or it has ended."""
    return Job.objects.move(
        job.pk,
        State.QUEUED,
        State.CANCELLED,
        fence=None,
        decided_by=actor,
        error_code="cancelled",
        error_message=money.closing("Cancelled before it was sent.", job),
    )
