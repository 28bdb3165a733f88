"""What an upstream's error means for its job: the rule for retries and money, in one place."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now

from imagestudio.images_api import errors, pricing
from jobs.models import Attempt, Job
from jobs.services import money
from jobs.states import Outcome, State

MAX_BACKOFF_S = 300.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the job goes and what is said about it; `cost_microusd` None is unknown."""

    target: State
    outcome: Outcome
    code: str
    message: str
    cost_microusd: int | None = 0
    may_be_billed: bool = False
    wait_s: float = 0.0


def settle(job: Job, error: errors.ImagesApiError) -> bool:
    """Write down how the call ended and move its job on; False when it is no longer ours."""
    verdict = judge(job, error)
    with transaction.atomic():
        _note(job, error, verdict)
        fields = _fields(job, error, verdict)
        moved = Job.objects.move(job.pk, State.RUNNING, verdict.target, fence=job.fence, **fields)
        moved = moved or _free_if_held(job, verdict, fields)
    if not moved:
        tell_cancelled(job.pk)
    return moved


def tell_cancelled(job_id: UUID) -> None:
    """A job that was cancelled during its call learns what the call came to."""
    attempts = Attempt.objects.filter(job=job_id)
    if attempts.doubtful().exists():
        return
    unpriced = attempts.filter(cost_microusd=None).exists()
    total = attempts.aggregate(total=Sum("cost_microusd", default=0))["total"]
    was_billed = unpriced or total > 0
    Job.objects.filter(
        pk=job_id, state=State.CANCELLED, error_code="cancelled", may_be_billed=True
    ).update(
        error_message=CANCELLED_AND_BILLED if was_billed else CANCELLED_IN_VAIN,
        may_be_billed=was_billed,
        cost_microusd=None if unpriced else total,
    )


def _free_if_held(job: Job, verdict: Verdict, fields: dict[str, Any]) -> bool:
    """A job that the sweeper held meanwhile, as unknown, has a known outcome now."""
    was_called_since = Attempt.objects.filter(job=job, fence=job.fence + 1).exists()
    if verdict.target is State.HELD or was_called_since:
        return False  # Where another call was made since, it is that one whose outcome is unknown.
    return Job.objects.take_back(
        job.pk, State.HELD, verdict.target, fence=job.fence + 1, **fields | {"held_until": None}
    )


def judge(job: Job, error: errors.ImagesApiError) -> Verdict:
    match error:
        case errors.OutcomeUnknown():
            return _unknown(error)
        case errors.UnusableAnswer():
            return _unusable(job, error)
        case errors.NotSent():
            message = f"The service can't be reached; trying again. Nothing was spent. ({error})"
            return _again(job, Outcome.NOT_SENT, "unreachable", message)
        case errors.Rejected():
            message = "The service asks us to slow down; trying again. Nothing was spent."
            return _again(job, Outcome.REJECTED, "rate_limited", message, error.retry_after_s)
        case errors.Retryable():
            return _server_error(job, error)
        case errors.AccountFault():
            return _account(job, error)
        case errors.ModerationRefused():
            return _final("moderation_blocked", _moderation(error))
        case _:
            return _final(error.code or "refused", f"The service refused: {error}")


ACCOUNT = (
    "The service doesn't accept this studio's account: its key or its money."
    " Please tell an admin. Nothing was spent."
)

ACCOUNT_WAITS = (
    "The service doesn't accept this studio's account: its key or its money. The admins were told;"
    " this job waits until they have mended it. Nothing was spent."
)

CANCELLED_AND_BILLED = "Cancelled while the service was at work on it, and billed all the same."
CANCELLED_IN_VAIN = (
    "Cancelled while the service was at work on it. The call came to nothing. Nothing was spent."
)


def _account(job: Job, error: errors.ImagesApiError) -> Verdict:
    if error.code == "organization_not_verified":  # Only this model is refused; others work.
        return _final("account", f"{ACCOUNT} ({error})")
    return _again(job, Outcome.REJECTED, "account", f"{ACCOUNT_WAITS} ({error})")


def _unknown(error: errors.ImagesApiError) -> Verdict:
    message = (
        "The request was sent, but no whole answer came back. It may have been carried out"
        f" and billed, so it is not repeated by itself. ({error})"
    )
    return Verdict(State.HELD, Outcome.UNKNOWN, "outcome_unknown", message, None, True)


def _unusable(job: Job, error: errors.UnusableAnswer) -> Verdict:
    cost = pricing.actual_microusd(job.model, error.usage) if error.usage else None
    message = f"The service answered without a usable picture. It was probably billed. ({error})"
    return Verdict(State.FAILED, Outcome.UNUSABLE, "bad_answer", message, cost, True)


def _server_error(job: Job, error: errors.ImagesApiError) -> Verdict:
    earlier = job.attempts.filter(error_code="server_error").count()
    if earlier + 1 >= settings.MAX_SERVER_ERRORS:
        message = (
            f"The service failed {earlier + 1} times and says that nothing was made. ({error})"
        )
        return _final("server_error", message)
    message = "The service had an error of its own; trying again. Nothing was spent."
    return _again(job, Outcome.REJECTED, "server_error", message, error.retry_after_s)


def _moderation(error: errors.ImagesApiError) -> str:
    reasons = f" ({', '.join(error.categories)})" if error.categories else ""
    return f"The service's safety rules refused this request{reasons}. Change the prompt to go on."


def _again(
    job: Job, outcome: Outcome, code: str, message: str, wait_s: float | None = None
) -> Verdict:
    backoff_s = min(MAX_BACKOFF_S, settings.RETRY_BASE_S * 2 ** min(job.attempt - 1, 10))
    jittered_s = backoff_s * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, hides nothing
    return Verdict(State.QUEUED, outcome, code, message, wait_s=wait_s or jittered_s)


def _final(code: str, message: str) -> Verdict:
    return Verdict(State.FAILED, Outcome.REJECTED, code[:60], message)


def _note(job: Job, error: errors.ImagesApiError, verdict: Verdict) -> None:
    Attempt.objects.filter(job=job, fence=job.fence).update(
        outcome=verdict.outcome,
        answered_at=Now() if error.http_status else None,
        http_status=error.http_status,
        upstream_request_id=(error.request_id or "")[:200],
        cost_microusd=verdict.cost_microusd,
        answer=_what_was_said(error),
        error_code=verdict.code,
        error_message=str(error),
    )


def _what_was_said(error: errors.ImagesApiError) -> dict[str, object] | None:
    """What its safety system minded, as far as the service told."""
    said: dict[str, object] = {"categories": list(error.categories)} if error.categories else {}
    if error.moderation_stage:
        said["moderation_stage"] = error.moderation_stage
    return said or None


def _fields(job: Job, error: errors.ImagesApiError, verdict: Verdict) -> dict[str, Any]:
    earlier = Attempt.objects.filter(job=job).exclude(fence=job.fence)
    is_doubtful = earlier.doubtful().exists()
    fields: dict[str, Any] = {
        "error_code": verdict.code,
        "error_message": money.not_forgetting(verdict.message, is_doubtful),
        "error_param": (error.param or "")[:60],
        "may_be_billed": verdict.may_be_billed or is_doubtful,
    }
    if verdict.target is State.QUEUED:
        fields |= {"run_after": Now() + timedelta(seconds=verdict.wait_s), "dispatched_at": None}
    if verdict.target is State.HELD:
        fields["held_until"] = Now() + timedelta(seconds=settings.HELD_DEADLINE_S)
    if verdict.target is State.FAILED:
        fields["cost_microusd"] = None if is_doubtful else verdict.cost_microusd
    return fields
