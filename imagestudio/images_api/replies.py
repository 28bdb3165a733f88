"""Reads the headers of any answer, and turns an error answer into what the caller should do."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from imagestudio.images_api import families
from imagestudio.images_api.codes import OwnCode
from imagestudio.images_api.envelopes import ErrorBody, in_place_of_pictures
from imagestudio.images_api.errors import (
    AccountFault,
    ImagesApiError,
    OutcomeUnknown,
    Refused,
    Rejected,
    Retryable,
    UnusableAnswer,
    clean_text,
)

MAX_RETRY_AFTER_S = 600.0
EVENT_STREAM = "text/event-stream"
MAX_DIGITS = 12

# Under which names an answer's own id comes, which support asks for.
REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-ms-request-id",
    "x-oneapi-request-id",
    "x-litellm-call-id",
    "x-goog-request-id",
    "x-amzn-requestid",
    "cf-ray",
)
_TRY_AGAIN = re.compile(
    r"try again in (?:(\d{1,3})h)?(?:(\d{1,4})m(?!s))?(?:(\d{1,6}(?:\.\d{1,9})?)(ms|s))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReplyHead:
    """What the headers of an answer say."""

    status: int
    request_id: str | None
    processing_ms: int | None
    retry_after_s: float | None
    rate_limits: dict[str, str]
    is_event_stream: bool = False
    is_direct: bool = False  # It is the service itself that speaks, and nothing before it.

    @classmethod
    def read(cls, status: int, headers: Mapping[str, str], *, is_direct: bool = False) -> ReplyHead:
        request_id = next(filter(None, map(headers.get, REQUEST_IDS)), None)
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
            is_direct=is_direct,
        )


def error_of_reply(head: ReplyHead, body: bytes, *, is_whole: bool) -> ImagesApiError:
    """Classify an answer that is no success, by what the caller should do about it."""
    said = ErrorBody.read(body)
    family = families.of_status(head.status, said, is_whole=is_whole, is_direct=head.is_direct)
    return _error(family, head, said or ErrorBody(_usual_message(head.status, body)))


def error_of_event(
    head: ReplyHead, document: dict[str, Any], *, has_partials: bool
) -> ImagesApiError:
    """Classify an error that came as an event, after the answer had begun with a 200.

    It has no status, so its names stand for one; unknown ones leave the outcome unknown. Once
    previews came, work was done, and then "try again" is not ours to say either.
    """
    said = ErrorBody.of(document) or ErrorBody("The service broke off without a reason.")
    family = families.of_names(said, is_direct=head.is_direct) or OutcomeUnknown
    if has_partials and issubclass(family, Rejected | Retryable | AccountFault):
        family = OutcomeUnknown
    may_be_billed = has_partials and issubclass(family, Refused)
    return _error(family, head, said, code=OwnCode.STREAM_ERROR, may_be_billed=may_be_billed)


def error_of_success(head: ReplyHead, answer: UnusableAnswer) -> ImagesApiError:
    """Read a success without a picture as the error that it holds, if it holds one.

    Whether it was billed nobody knows, unless the error is one of those that come before any work.
    """
    said = in_place_of_pictures(answer.document or {})
    if said is None or answer.images:
        return answer
    family = families.of_names(said, is_direct=False)
    if family is None:
        return _with_reason(answer, said)
    is_early = said.moderation_stage == "input" or families.is_of_the_request(said)
    return _error(family, head, said, may_be_billed=issubclass(family, Refused) and not is_early)


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


def _error(
    family: type[ImagesApiError],
    head: ReplyHead,
    said: ErrorBody,
    *,
    code: str = "",
    may_be_billed: bool = False,
) -> ImagesApiError:
    error = family(
        said.message,
        code=families.code_of(family, said) or code or _usual_code(head.status),
        param=said.param,
        http_status=head.status,
        request_id=head.request_id or _id(said),
        retry_after_s=_first_known(head.retry_after_s, said.retry_after_s, _told_in(said.message)),
        categories=said.categories,
        moderation_stage=said.moderation_stage,
        may_be_billed=may_be_billed or families.has_a_fee(family, said),
    )
    if isinstance(error, Rejected):
        error.is_shared = _is_shared(head, said)
    return error


def _with_reason(answer: UnusableAnswer, said: ErrorBody) -> UnusableAnswer:
    told = UnusableAnswer(
        f"It answered with an error: {said.message}",
        code=answer.code,
        param=said.param,
        http_status=answer.http_status,
        request_id=answer.request_id or _id(said),
    )
    told.raw_path, told.usage, told.document = answer.raw_path, answer.usage, answer.document
    return told


def _is_shared(head: ReplyHead, said: ErrorBody) -> bool:
    """Whether it was the rate of all calls that was too high."""
    is_used_up = any(
        value == "0" for name, value in head.rate_limits.items() if "-remaining-" in name
    )
    return is_used_up or families.speaks_of_rate(said) or head.retry_after_s is not None


def _usual_message(status: int, body: bytes) -> str:
    if 300 <= status < 400:
        return f"The service answered with a redirect ({status}), which is never followed."
    if body.lstrip()[:1] == b"<":
        return f"There came a web page with status {status} in place of a reason."
    return f"The service answered with status {status} and gave no reason."


def _usual_code(status: int) -> str:
    """Name an error whose answer has no code of its own."""
    return OwnCode.REDIRECT if 300 <= status < 400 else f"http_{status}"


def _id(said: ErrorBody) -> str | None:
    return clean_text(said.request_id, 200) if said.request_id else None


def _told_in(message: str) -> float | None:
    """Read "Please try again in 6m12s"; the official service says so in words alone, too."""
    found = _TRY_AGAIN.search(message)
    if not found or not any(found.groups()):
        return None
    hours, minutes, amount, unit = found.groups(default="0")
    seconds = float(amount) / (1000 if unit == "ms" else 1)
    return int(hours) * 3600 + int(minutes) * 60 + seconds


def _first_known(*waits_s: float | None) -> float | None:
    wait_s = next((wait_s for wait_s in waits_s if wait_s is not None), None)
    return None if wait_s is None else min(wait_s, MAX_RETRY_AFTER_S)


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
