"""Scheduler: whose job is next. Fair between members, and only what its provider may be asked now.

A message is a doorbell. It says that something waits; what is done then is decided here.
"""

import logging
from types import TracebackType
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import transaction

from imagestudio.images_api.errors import ImagesApiError, Rejected
from imagestudio.images_api.providers import Provider
from imagestudio.web.database import FAILED
from imagestudio.web.statements import statement
from jobs.models import Attempt, Job
from jobs.services.queue import circuit_breaker, provider_limits, providers, rate_limiter
from jobs.states import ErrorCode, State

logger = logging.getLogger(__name__)

# What a call of unknown price takes of the spend limit; unknown is not nothing.
UNKNOWN_MICROUSD = 100_000

NEXT_IN_TURN = statement(__package__, "next_in_turn.sql")


class Turn:
    """A claimed job with its place among the calls to its provider, until it is given back."""

    def __init__(self, job: Job, provider: Provider | None) -> None:
        self.job = job
        self._provider = provider

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        if error is not None:
            error.add_note(f"This ended the carrying out of job {self.job.pk}.")
        if self._provider is not None:
            token = _token(self.job, self.job.fence)
            rate_limiter.leave(self._provider, token, **self._corrections(self._provider))

    def _corrections(self, provider: Provider) -> dict[str, int]:
        """What the call took above or below what was set aside for it."""
        if not provider_limits.buckets(provider, 1, 1):
            return {}
        mine = Attempt.objects.filter(job=self.job, fence=self.job.fence)
        try:
            costs = list(mine.values_list("cost_microusd", flat=True))
        except FAILED:
            return {}
        if not costs:
            return _nothing_sent(self.job)
        [cost] = costs
        return {} if cost is None else {"more_microusd": cost - _price(self.job)}


def take() -> Turn | None:
    """Claim the job whose turn it is; None when nothing is due, or nothing may go now."""
    passed: list[str] = []
    while True:
        turn: Turn | None = None
        try:
            with transaction.atomic():
                job = find_next(passed)
                if job is None:
                    return None
                turn = _enter(job)
        except FAILED:
            if turn is not None:
                turn.__exit__()
            raise
        if turn is not None:
            return turn
        passed.append(job.provider)


def unring(job_id: UUID) -> None:
    """Its message came too early and is used up: it is to be rung for again when it may go."""
    waiting = Job.objects.filter(pk=job_id, state=State.QUEUED, dispatched_at__isnull=False)
    waiting.update(dispatched_at=None)


def learn(job: Job, error: ImagesApiError | None = None) -> None:
    """Draw the conclusions for all other jobs of the provider; never in the way of this one."""
    provider = providers.named(job.provider)
    if provider is None:
        return
    if error is None:
        rate_limiter.went_well(provider)
    try:
        if isinstance(error, Rejected) and _is_of_all(job, error):
            rate_limiter.pause(provider, error.retry_after_s)
        circuit_breaker.learn(job, error)
    except FAILED as away:
        logger.warning("what %s did was not noted: %s", provider.name, type(away).__name__)


def _is_of_all(job: Job, error: Rejected) -> bool:
    """Whether its rate limit says something of the others: who meets it again stands in the way of
    nobody, for its own waits grow."""
    if not error.is_shared:
        return False
    try:
        return not Attempt.objects.filter(job=job, error_code=ErrorCode.RATE_LIMITED).exists()
    except FAILED:
        return True  # Nobody knows; a pause for all costs time, and asking on may cost the account.


def find_next(passed: list[str]) -> Job | None:
    """Lock the job whose turn it is, with as much of it as its limits need."""
    parameters = [settings.ACCOUNT_PROBE_S, ErrorCode.ACCOUNT, passed, ErrorCode.ACCOUNT]
    return next(iter(Job.objects.raw(NEXT_IN_TURN, parameters)), None)


def _enter(job: Job) -> Turn | None:
    """Claim a job that is locked, if its provider may be asked for it now."""
    provider, token = providers.named(job.provider), _token(job, job.fence + 1)
    if provider is None:  # There is nobody to ask, and the run will say so.
        claimed = Job.objects.claim(job.pk, settings.LEASE_S)
    elif not rate_limiter.ask(provider, token, job.n, _price(job)).is_yes:
        claimed = None
    else:
        claimed = _claim_in_place(job, provider, token)
    return Turn(claimed, provider) if claimed else None


def _claim_in_place(job: Job, provider: Provider, token: str) -> Job | None:
    """Claim it, or give its place back, also when the database breaks off in between."""
    claimed = None
    try:
        claimed = _claim(job)
    finally:
        if claimed is None:
            rate_limiter.leave(provider, token, **_nothing_sent(job))
    return claimed


def _claim(job: Job) -> Job | None:
    is_half_open: bool = job.is_half_open  # type: ignore[attr-defined]
    if is_half_open and not circuit_breaker.may_try(job):
        return None
    return Job.objects.claim(job.pk, settings.LEASE_S)


def _token(job: Job, fence: int) -> str:
    return f"{job.pk}-{fence}"


def _nothing_sent(job: Job) -> dict[str, int]:
    return {"more_microusd": -_price(job), "unsent_images": job.n}


def _price(job: Job) -> int:
    return job.estimate_high_microusd or job.estimate_low_microusd or UNKNOWN_MICROUSD
