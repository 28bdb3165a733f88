"""Giving up on a job whose outcome nobody knows."""

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.states import ErrorCode, State
from jobs.telling import Money, Telling

CLOSED = Telling("Closed without knowing the outcome.", Money.CALL_MAY)


def close(actor: User, job: Job) -> bool:
    """End a held job without another call; False when it is held no longer."""
    return Job.objects.take_back(
        job.pk,
        State.HELD,
        State.CANCELLED,
        fence=job.fence,
        decided_by=actor,
        error_code=ErrorCode.CLOSED,
        **CLOSED.fields(),
    )
