"""Calling off a job, wherever it stands. What was sent can't be unsent, and that is said."""

from typing import Any

from django.db import transaction

from imagestudio.accounts.models import User
from jobs.models import Attempt, Job
from jobs.states import FINAL, ErrorCode, State
from jobs.telling import Money, Telling

BEFORE_THE_CALL = "Cancelled before it was sent."
DURING_THE_CALL = Telling(
    "Cancelled while the service was at work on it",
    Money.STILL_MAY,
    "A picture that still arrives is kept for you.",
)
AFTER_THE_CALL = Telling("Cancelled without knowing the outcome.", Money.CALL_MAY)


def cancel(actor: User, job: Job) -> bool:
    """End the job at once for its member; False when it has ended already.

    A worker that has not sent it yet finds the fence changed and leaves it. One that has sent it
    reads the answer to its end: it may be paid for, so it is kept and offered.
    """
    with transaction.atomic():
        # Under the lock that a worker needs to note its call: sent or not is settled here.
        now = Job.objects.select_for_update(of=("self",)).get(pk=job.pk)
        source = State(now.state)
        if source in FINAL:
            return False
        words = _words(now, source) | {"decided_by": actor, "error_code": ErrorCode.CANCELLED}
        if source is State.QUEUED:
            return Job.objects.move(now.pk, source, State.CANCELLED, fence=now.fence, **words)
        return Job.objects.take_back(now.pk, source, State.CANCELLED, fence=now.fence, **words)


def _words(job: Job, source: State) -> dict[str, Any]:
    was_sent = Attempt.objects.filter(job=job, fence=job.fence).exists()
    if source is State.HELD:
        return AFTER_THE_CALL.fields()
    if source is State.RUNNING and was_sent:
        return DURING_THE_CALL.fields() | {"may_be_billed": True}
    told = Telling(BEFORE_THE_CALL, Money.NOTHING, after_doubt=job.may_be_billed)
    return told.fields() | {"cost_microusd": None if job.may_be_billed else 0}
