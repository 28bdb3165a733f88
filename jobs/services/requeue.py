"""What becomes of a claimed job for which nothing was sent."""

from datetime import timedelta

from django.db.models.functions import Now

from jobs.models import Job
from jobs.services import money
from jobs.states import State

WAIT_S = 30.0


def put_back(job: Job, code: str, message: str) -> bool:
    """Queue the job again for a little later; nothing was spent."""
    return Job.objects.move(
        job.pk,
        State.RUNNING,
        State.QUEUED,
        fence=job.fence,
        run_after=Now() + timedelta(seconds=WAIT_S),
        dispatched_at=None,
        error_code=code,
        error_message=money.not_forgetting(
            f"{message} Trying again. {money.NOTHING_SPENT}.", job.may_be_billed
        ),
    )


def fail(job: Job, code: str, message: str) -> bool:
    """End a claimed job that can't be sent."""
    return Job.objects.move(
        job.pk,
        State.RUNNING,
        State.FAILED,
        fence=job.fence,
        error_code=code,
        error_message=money.closing(message, job),
        cost_microusd=None if job.may_be_billed else 0,
    )
