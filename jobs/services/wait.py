"""What those who wait for a job ask the database, all of them in one question."""

from collections.abc import Iterable
from uuid import UUID

from jobs.models import Job
from jobs.states import State

UNDER_WAY = (State.QUEUED, State.RUNNING)


def ended(job_ids: Iterable[UUID]) -> set[UUID]:
    """Those for which nothing more will come by itself: final ones, and those that are held."""
    jobs = Job.objects.filter(pk__in=list(job_ids)).exclude(state__in=UNDER_WAY)
    return set(jobs.values_list("pk", flat=True))


def queued_of(owner_id: UUID, at_most: int) -> int:
    """How many of a member's jobs have not begun; counts no further than it matters."""
    queued = Job.objects.filter(owner=owner_id, state=State.QUEUED)
    return queued.order_by()[:at_most].count()
