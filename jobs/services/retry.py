"""Sending a job of unknown outcome once more, because a person said so."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.states import State
from jobs.tasks import ring


def retry(actor: User, job: Job) -> bool:
    """Queue a held job again, which may cost a second time; False when it is held no longer."""
    moved = Job.objects.take_back(
        job.pk,
        State.HELD,
        State.QUEUED,
        fence=job.fence,
        decided_by=actor,
        run_after=Now(),
        dispatched_at=Now(),
        deadline_at=Now() + timedelta(seconds=settings.JOB_DEADLINE_S),
        held_until=None,
        error_code="",
        error_message="",
    )
    if moved:
        ring(job.pk)
    return moved
