"""Putting a claimed job back when nothing was sent for it."""

from datetime import timedelta

from django.db.models.functions import Now

from jobs.models import Job
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
        error_message=f"{message} Trying again; nothing was spent.",
    )
