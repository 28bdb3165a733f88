"""What those who wait for a job ask the database, all of them in one question."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from jobs.models import Job
from jobs.services.queue import circuit_breaker
from jobs.states import State

UNDER_WAY = (State.QUEUED, State.RUNNING)


def ended(job_ids: Iterable[UUID]) -> set[UUID]:
    """Those for which nothing more will come soon by itself: final ones, those that are held, and
    those that wait for an account to be mended."""
    waits_for_account = Q(state=State.QUEUED, provider__in=circuit_breaker.refused_accounts())
    jobs = Job.objects.filter(~Q(state__in=UNDER_WAY) | waits_for_account, pk__in=list(job_ids))
    return set(jobs.values_list("pk", flat=True))


def waits_for_account(job: Job) -> bool:
    return job.state == State.QUEUED and job.provider in circuit_breaker.refused_accounts()
