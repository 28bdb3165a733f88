"""Put back a claimed job, or fail it, when it is not to be called now; requeue a held one."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.states import ErrorCode, State
from jobs.telling import Money, Telling

WAIT_S = 30.0


def put_back(job: Job, code: ErrorCode, message: str) -> bool:
    """Queue a claimed job again for a little later; nothing was spent."""
    told = Telling(f"{message} Trying again.", Money.NOTHING, after_doubt=job.may_be_billed)
    return Job.objects.move(
        job.pk,
        State.RUNNING,
        State.QUEUED,
        fence=job.fence,
        run_after=Now() + timedelta(seconds=WAIT_S),
        dispatched_at=None,
        error_code=code,
        **told.fields(),
    )


def fail(job: Job, code: ErrorCode, message: str) -> bool:
    """End a claimed job that can't be sent."""
    told = Telling(message, Money.NOTHING, after_doubt=job.may_be_billed)
    return Job.objects.move(
        job.pk,
        State.RUNNING,
        State.FAILED,
        fence=job.fence,
        error_code=code,
        **told.fields(),
        cost_microusd=None if job.may_be_billed else 0,
    )


def send_again(job: Job, decided_by: User | None) -> bool:
    """Queue a held job, which may cost a second time; False when it is held no longer."""
    return Job.objects.take_back(
        job.pk,
        State.HELD,
        State.QUEUED,
        fence=job.fence,
        decided_by=decided_by,
        run_after=Now(),
        dispatched_at=None,
        deadline_at=Now() + timedelta(seconds=settings.JOB_DEADLINE_S),
        held_until=None,
        error_code="",
        **Telling().fields(),
    )
