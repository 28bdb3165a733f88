"""Reads the headers of any answer, and turns an error answer into what the caller should do."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from imagestudio.images_api.errors import (
    AccountFault,
    ImagesApiError,
    ModerationRefused,
    OutcomeUnknown,
    Refused,
    Rejected,
    Retryable,
    clean_text,
)

MAX_RETRY_AFTER_S = 600.0
EVENT_STREAM = "text/event-stream"
MAX_DIGITS = 12

# Source: OpenAI help article 5955604 and the error table of its reference, read 2026-11-22.
MONEY_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
    }
)
MODERATION_CODES = frozenset(
    {
        "moderation_blocked",
        "content_policy_violation",
        "image_content_policy_violation",
        "contentFilter",
    }
)
# The message is the only sign of it: type and code are those of an ordinary bad request.
UNVERIFIED = "organization must be verified"
NO_ACCESS = "does not have access to model"


@dataclass(frozen=True, slots=True)
class ReplyHead:
    """What the headers of an answer say."""

    status: int
    request_id: str | None
    processing_ms: int | None
    retry_after_s: float | None
    rate_limits: dict[str, str]
    is_event_stream: bool = False

    @classmethod
    def read(cls, status: int, headers: Mapping[str, str]) -> ReplyHead:
        request_id = headers.get("x-request-id")
        elapsed = headers.get("openai-processing-ms", "")
        return cls(
            status=status,
            request_id=clean_text(request_id, 200) if request_id else None,
            processing_ms=_whole_number(elapsed),
            retry_after_s=retry_after_s(headers),
            rate_limits={
                name.lower(): clean_text(value, 100)
                for name, value in headers.items()
                if name.lower().startswith("x-ratelimit-")
            },
            is_event_stream=headers.get("content-type", "").lower().startswith(EVENT_STREAM),
        )


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The fields of an error answer, whichever of the known shapes it has."""

    message: str
    kind: str | None = None
    code: str | None = None
    param: str | None = None
    categories: tuple[str, ...] = ()
    moderation_stage: str | None = None

    @classmethod
    def read(cls, text: bytes) -> ErrorBody | None:
        """Read `{"error": {}}`, `{"error": "text"}` and `{"detail": ...}`; None for all else."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return cls.of(document) if isinstance(document, dict) else None

    @classmethod
    def of(cls, document: dict[str, Any]) -> ErrorBody | None:
        error = document.get("error", document.get("detail", document.get("message")))
        if isinstance(error, dict):
            return cls._of_object(error)
        if isinstance(error, list) and error and isinstance(error[0], dict):
            return cls._of_complaint(error[0])
        return cls(str(error)) if error else None

    @classmethod
    def _of_object(cls, error: dict[str, Any]) -> ErrorBody:
        code = _text(error.get("code"))
        message = str(error.get("message") or "no reason given")
        # Proxies put a status in the place of the code, and leave the real one in the message.
        said = next((known for known in sorted(MODERATION_CODES) if known in message), None)
        return cls(
            message=message,
            kind=_text(error.get("type")),
            code=said if said and code not in MODERATION_CODES else code,
            param=_text(error.get("param")),
            categories=_categories(error),
            moderation_stage=_moderation_stage(error),
        )

    @classmethod
    def _of_complaint(cls, complaint: dict[str, Any]) -> ErrorBody:
        """Read the first fault that a FastAPI server found in the fields."""
        place = complaint.get("loc")
        param = str(place[-1]) if isinstance(place, list) and place else None
        return cls(str(complaint.get("msg") or "invalid"), param=param)


def error_of_reply(head: ReplyHead, body: bytes, *, is_whole: bool) -> ImagesApiError:
    """Classify an answer that is no success, by what the caller should do about it."""
    said = ErrorBody.read(body)
    family = _family(head.status, said, is_whole=is_whole)
    return family(
        said.message if said else _usual_message(head.status),
        code=(said.code if said else None) or _usual_code(head.status, said),
        param=said.param if said else None,
        http_status=head.status,
        request_id=head.request_id,
        retry_after_s=head.retry_after_s,
        categories=said.categories if said else (),
        moderation_stage=said.moderation_stage if said else None,
    )


def error_of_event(
    head: ReplyHead, document: dict[str, Any], *, has_partials: bool
) -> ImagesApiError:
    """Classify an error that came as an event, after the answer had begun with a 200.

    It has no status, so its type stands for one; an unknown type leaves the outcome unknown. Once
    previews came, work was done, and then "try again" is not ours to say either.
    """
    said = ErrorBody.of(document) or ErrorBody("The service broke off without a reason.")
    status = _STATUS_OF_KIND.get(said.code or "", _STATUS_OF_KIND.get(said.kind or ""))
    family = _family(status, said, is_whole=True) if status else _family_of_4xx(0, said)
    if (status is None and family is Refused) or (has_partials and family in {Rejected, Retryable}):
        family = OutcomeUnknown
    return family(
        said.message,
        code=said.code or "stream_error",
        param=said.param,
        http_status=head.status,
        request_id=head.request_id,
        retry_after_s=head.retry_after_s,
        categories=said.categories,
        moderation_stage=said.moderation_stage,
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read how long to wait: milliseconds, seconds or a date, at most ten minutes."""
    wait_s = _number(headers.get("retry-after-ms"))
    if wait_s is not None:
        return min(wait_s / 1000, MAX_RETRY_AFTER_S)
    value = headers.get("retry-after")
    wait_s = _number(value)
    if wait_s is None and value:
        wait_s = _seconds_until(value)
    return None if wait_s is None else min(wait_s, MAX_RETRY_AFTER_S)


_STATUS_OF_KIND = {
    "invalid_request_error": 400,
    "image_generation_user_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "requests": 429,
    "tokens": 429,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "server_error": 500,
    "service_unavailable_error": 503,
    "server_is_overloaded": 503,
}


def _family(status: int, said: ErrorBody | None, *, is_whole: bool) -> type[ImagesApiError]:
    if status < 200 or (status >= 500 and not is_whole):
        return OutcomeUnknown
    if status < 400:
        return Refused
    if status < 500:
        return _family_of_4xx(status, said)
    if status in {500, 503}:
        return Retryable
    # A proxy's page says nothing about what became of the request behind it.
    return Refused if status == 501 else OutcomeUnknown


def _family_of_4xx(status: int, said: ErrorBody | None) -> type[ImagesApiError]:
    if said and (said.code in MODERATION_CODES or said.categories):
        return ModerationRefused
    if said and ({said.code, said.kind} & MONEY_CODES or UNVERIFIED in said.message.lower()):
        return AccountFault
    if said and _is_of_one_model(said):
        return Refused
    if status in {401, 402, 403}:
        return AccountFault
    if status == 408:
        return OutcomeUnknown
    return Rejected if status == 429 else Refused


def _is_of_one_model(said: ErrorBody) -> bool:
    """The account may not use this model; its others work."""
    return said.code == "model_not_found" or NO_ACCESS in said.message.lower()


def _usual_message(status: int) -> str:
    if 300 <= status < 400:
        return f"The service answered with a redirect ({status}), which is never followed."
    return f"The service answered with status {status} and gave no reason."


def _usual_code(status: int, said: ErrorBody | None) -> str:
    """Name an error whose answer has no code of its own."""
    if said and UNVERIFIED in said.message.lower():
        return "organization_not_verified"
    return "redirect" if 300 <= status < 400 else f"http_{status}"


def _categories(error: dict[str, Any]) -> tuple[str, ...]:
    """Find what a safety system minded, where the official service or Azure says it."""
    details = error.get("moderation_details")
    named = details.get("categories") if isinstance(details, dict) else None
    if isinstance(named, list):
        return tuple(map(str, named))
    inner = error.get("inner_error", error.get("innererror"))
    results = inner.get("content_filter_results") if isinstance(inner, dict) else None
    if not isinstance(results, dict):
        return ()
    return tuple(
        str(name)
        for name, result in results.items()
        if isinstance(result, dict) and result.get("filtered") is True
    )


def _moderation_stage(error: dict[str, Any]) -> str | None:
    details = error.get("moderation_details")
    stage = details.get("moderation_stage") if isinstance(details, dict) else None
    return stage if stage in ("input", "output") else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def _seconds_until(value: str) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None
