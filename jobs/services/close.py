"""Giving up on a job whose outcome nobody knows."""

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.states import ErrorCode, State


def close(actor: User, job: Job) -> bool:
    """End a held job without another call; False when it is held no longer."""
    return Job.objects.take_back(
        job.pk,
        State.HELD,
        State.CANCELLED,
        fence=job.fence,
        decided_by=actor,
        error_code=ErrorCode.CLOSED,
        error_message="Closed without knowing the outcome. The call may have been billed.",
    )
