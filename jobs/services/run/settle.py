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
from imagestudio.images_api.codes import OwnCode
from jobs.models import Attempt, Job
from jobs.services.queue import circuit_breaker
from jobs.services.run import cost_words
from jobs.states import ErrorCode, Outcome, State

MAX_BACKOFF_S = 300.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the job goes and what is said about it; `cost_microusd` None is unknown."""

    target: State
    outcome: Outcome
    code: str  # An ErrorCode, or what the provider calls it.
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
        pk=job_id, state=State.CANCELLED, error_code=ErrorCode.CANCELLED, may_be_billed=True
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
            message = (
                f"The service can't be reached; trying again. Nothing was spent. ({reason(error)})"
            )
            return _again(job, Outcome.NOT_SENT, ErrorCode.UNREACHABLE, message)
        case errors.Rejected():
            return _rate_limited(job, error)
        case errors.Retryable():
            return _server_error(job, error)
        case errors.AccountFault():
            return _account(job, error)
        case errors.ModerationRefused():
            return _refused(error, ErrorCode.MODERATION_BLOCKED, _moderation(error))
        case _:
            return _refused(
                error, error.code or ErrorCode.REFUSED, f"The service refused: {reason(error)}"
            )


def reason(error: errors.ImagesApiError) -> str:
    """What the service said, and the id that its support will ask for."""
    text = error.message.strip()
    text += "" if text.endswith((".", "!", "?", "…")) else "."
    return f"{text} Request id: {error.request_id}." if error.request_id else text


ACCOUNT_REFUSED = (
    "The service doesn't accept this studio's account: its key or its money."
    " Please tell an admin. Nothing was spent."
)

ACCOUNT_WAITS = (
    "The service doesn't accept this studio's account: its key or its money. The admins were told;"
    " this job waits until they have mended it. Nothing was spent."
)

REFUSED_ALONE = (
    "The service refused this request once more, while it carried out others. Change the request,"
    " or ask an admin what it is about. Nothing was spent."
)

CANCELLED_AND_BILLED = "Cancelled while the service was at work on it, and billed all the same."
CANCELLED_IN_VAIN = (
    "Cancelled while the service was at work on it. The call came to nothing. Nothing was spent."
)


def _account(job: Job, error: errors.ImagesApiError) -> Verdict:
    if error.code == OwnCode.NOT_VERIFIED:  # Only this model is refused; others work.
        return _final(ErrorCode.ACCOUNT, f"{ACCOUNT_REFUSED} ({reason(error)})")
    if circuit_breaker.is_of_this_job_alone(job, error):
        return _final(ErrorCode.REFUSED_AGAIN, f"{REFUSED_ALONE} ({reason(error)})")
    return _again(job, Outcome.REJECTED, ErrorCode.ACCOUNT, f"{ACCOUNT_WAITS} ({reason(error)})")


def _unknown(error: errors.ImagesApiError) -> Verdict:
    message = (
        "The request was sent, but no answer tells what became of it. It may have been carried out"
        f" and billed, so it is not repeated by itself. ({reason(error)})"
    )
    return Verdict(State.HELD, Outcome.UNKNOWN, ErrorCode.OUTCOME_UNKNOWN, message, None, True)


def _unusable(job: Job, error: errors.UnusableAnswer) -> Verdict:
    cost = pricing.actual_microusd(job.model, error.usage) if error.usage else None
    message = (
        f"The service answered without a usable picture. It was probably billed. ({reason(error)})"
    )
    return Verdict(State.FAILED, Outcome.UNUSABLE, ErrorCode.BAD_ANSWER, message, cost, True)


def _server_error(job: Job, error: errors.ImagesApiError) -> Verdict:
    earlier = job.attempts.filter(error_code=ErrorCode.SERVER_ERROR).count()
    if earlier + 1 >= settings.MAX_SERVER_ERRORS:
        message = f"The service had an error of its own {earlier + 1} times. Nothing was spent."
        return _final(ErrorCode.SERVER_ERROR, f"{message} ({reason(error)})")
    message = "The service had an error of its own; trying again. Nothing was spent."
    return _again(job, Outcome.REJECTED, ErrorCode.SERVER_ERROR, message, error.retry_after_s)


def _rate_limited(job: Job, error: errors.ImagesApiError) -> Verdict:
    tries = job.attempts.filter(error_code=ErrorCode.RATE_LIMITED).count() + 1
    if tries >= settings.MAX_RATE_LIMITS:
        message = (
            f"The service asked {tries} times to slow down. Nothing was spent. Try again later."
        )
        return _final(ErrorCode.RATE_LIMITED, f"{message} ({reason(error)})")
    message = "The service asks us to slow down; trying again. Nothing was spent."
    # What it asks for is for all; who is refused again and again waits longer than that.
    wait_s = max(error.retry_after_s or 0.0, _backoff_s(tries))
    return _again(
        job, Outcome.REJECTED, ErrorCode.RATE_LIMITED, f"{message} ({reason(error)})", wait_s
    )


def _moderation(error: errors.ImagesApiError) -> str:
    minded = f" ({', '.join(error.categories)})" if error.categories else ""
    words = f"The service's safety rules refused this request{minded}. Change the prompt to go on."
    return f"{words} It says: {reason(error)}"


def _refused(error: errors.ImagesApiError, code: str, message: str) -> Verdict:
    """A final no; what came in place of pictures may have cost as much as they."""
    if error.may_be_billed:
        words = f"{message} It may have been billed."
        return Verdict(State.FAILED, Outcome.UNUSABLE, code[:60], words, None, True)
    return _final(code, f"{message} {cost_words.NOTHING_SPENT}.")


def _again(
    job: Job, outcome: Outcome, code: str, message: str, wait_s: float | None = None
) -> Verdict:
    return Verdict(State.QUEUED, outcome, code, message, wait_s=wait_s or _backoff_s(job.attempt))


def _backoff_s(tries: int) -> float:
    backoff_s: float = min(MAX_BACKOFF_S, settings.RETRY_BASE_S * 2 ** min(max(tries - 1, 0), 10))
    return backoff_s * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, hides nothing


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
        "error_message": cost_words.not_forgetting(verdict.message, is_doubtful),
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
