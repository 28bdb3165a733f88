"""Settle a job, or leave it held, by its upstream's error: retries and money in one place."""

import random
from dataclasses import dataclass, replace
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
from jobs.states import ErrorCode, Outcome, State
from jobs.telling import Money, Telling

MAX_BACKOFF_S = 300.0
UNREACHABLE = "The service can't be reached; trying again."
REFUSED_FOR_GOOD = Telling(
    f"{circuit_breaker.ACCOUNT_REFUSED} Please tell an admin.", Money.NOTHING
)
REFUSED_ALONE = Telling(
    "The service refused this request once more, while it carried out others. Change the request,"
    " or ask an admin what it is about.",
    Money.NOTHING,
)
CANCELLED_AND_BILLED = Telling("Cancelled while the service was at work on it", Money.ALL_THE_SAME)
CANCELLED_IN_VAIN = Telling(
    "Cancelled while the service was at work on it. The call came to nothing.", Money.NOTHING
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the job goes and what is said about it; `cost_microusd` None is unknown."""

    target: State
    outcome: Outcome
    code: str  # An ErrorCode, or what the provider calls it.
    told: Telling
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
    told = CANCELLED_AND_BILLED if was_billed else CANCELLED_IN_VAIN
    Job.objects.filter(
        pk=job_id, state=State.CANCELLED, error_code=ErrorCode.CANCELLED, may_be_billed=True
    ).update(
        **told.fields(),
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
            told = Telling(UNREACHABLE, Money.NOTHING, _in_its_words(error))
            return _again(job, Outcome.NOT_SENT, ErrorCode.UNREACHABLE, told)
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


def _in_its_words(error: errors.ImagesApiError) -> str:
    return f"({reason(error)})"


def _account(job: Job, error: errors.ImagesApiError) -> Verdict:
    said = _in_its_words(error)
    if error.code == OwnCode.NOT_VERIFIED:  # Only this model is refused; others work.
        return _final(ErrorCode.ACCOUNT, replace(REFUSED_FOR_GOOD, more=said))
    if circuit_breaker.is_of_this_job_alone(job, error):
        return _final(ErrorCode.REFUSED_AGAIN, replace(REFUSED_ALONE, more=said))
    told = replace(circuit_breaker.ACCOUNT_WAITS, more=said)
    return _again(job, Outcome.REJECTED, ErrorCode.ACCOUNT, told)


def _unknown(error: errors.ImagesApiError) -> Verdict:
    words = "The request was sent, but no answer tells what became of it."
    told = Telling(words, Money.NOT_REPEATED, _in_its_words(error))
    return Verdict(State.HELD, Outcome.UNKNOWN, ErrorCode.OUTCOME_UNKNOWN, told, None, True)


def _unusable(job: Job, error: errors.UnusableAnswer) -> Verdict:
    cost = pricing.actual_microusd(job.model, error.usage) if error.usage else None
    words = "The service answered without a usable picture."
    told = Telling(words, Money.PROBABLY, _in_its_words(error))
    return Verdict(State.FAILED, Outcome.UNUSABLE, ErrorCode.BAD_ANSWER, told, cost, True)


def _server_error(job: Job, error: errors.ImagesApiError) -> Verdict:
    earlier = job.attempts.filter(error_code=ErrorCode.SERVER_ERROR).count()
    if earlier + 1 >= settings.MAX_SERVER_ERRORS:
        words = f"The service had an error of its own {earlier + 1} times."
        told = Telling(words, Money.NOTHING, _in_its_words(error))
        return _final(ErrorCode.SERVER_ERROR, told)
    told = Telling("The service had an error of its own; trying again.", Money.NOTHING)
    return _again(job, Outcome.REJECTED, ErrorCode.SERVER_ERROR, told, error.retry_after_s)


def _rate_limited(job: Job, error: errors.ImagesApiError) -> Verdict:
    tries = job.attempts.filter(error_code=ErrorCode.RATE_LIMITED).count() + 1
    if tries >= settings.MAX_RATE_LIMITS:
        words = f"The service asked {tries} times to slow down."
        told = Telling(words, Money.NOTHING, f"Try again later. {_in_its_words(error)}")
        return _final(ErrorCode.RATE_LIMITED, told)
    words = "The service asks us to slow down; trying again."
    told = Telling(words, Money.NOTHING, _in_its_words(error))
    # What it asks for is for all; who is refused again and again waits longer than that.
    wait_s = max(error.retry_after_s or 0.0, _backoff_s(tries))
    return _again(job, Outcome.REJECTED, ErrorCode.RATE_LIMITED, told, wait_s)


def _moderation(error: errors.ImagesApiError) -> str:
    minded = f" ({', '.join(error.categories)})" if error.categories else ""
    words = f"The service's safety rules refused this request{minded}. Change the prompt to go on."
    return f"{words} It says: {reason(error)}"


def _refused(error: errors.ImagesApiError, code: str, message: str) -> Verdict:
    """A final no; what came in place of pictures may have cost as much as they."""
    if error.may_be_billed:
        told = Telling(message, Money.IT_MAY)
        return Verdict(State.FAILED, Outcome.UNUSABLE, code[:60], told, None, True)
    return _final(code, Telling(message, Money.NOTHING))


def _again(
    job: Job, outcome: Outcome, code: str, told: Telling, wait_s: float | None = None
) -> Verdict:
    return Verdict(State.QUEUED, outcome, code, told, wait_s=wait_s or _backoff_s(job.attempt))


def _backoff_s(tries: int) -> float:
    backoff_s: float = min(MAX_BACKOFF_S, settings.RETRY_BASE_S * 2 ** min(max(tries - 1, 0), 10))
    return backoff_s * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, hides nothing


def _final(code: str, told: Telling) -> Verdict:
    return Verdict(State.FAILED, Outcome.REJECTED, code[:60], told)


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
        **replace(verdict.told, after_doubt=is_doubtful).fields(),
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
