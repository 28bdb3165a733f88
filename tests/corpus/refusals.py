"""Answers with no picture in them, and what each of them means for its job and for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imagestudio.images_api.errors import (
    AccountFault,
    ImagesApiError,
    ModerationRefused,
    OutcomeUnknown,
    Refused,
    Rejected,
    Retryable,
)

PAGE = {"Content-Type": "text/html"}
TEXT = {"Content-Type": "text/plain"}
FREE = "Nothing was spent"


@dataclass(frozen=True, slots=True)
class Answer:
    name: str
    status: int
    body: object
    family: type[ImagesApiError]
    code: str  # What the attempt notes; what the job says may be a word of our own.
    reason: str  # Stands in what the person reads.
    state: str = "failed"
    may_be_billed: bool = False
    calls: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    is_direct: bool = False

    def __str__(self) -> str:
        return self.name


def err(message: str, kind: str | None = None, code: object = None, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **more}}


def held(name: str, status: int, body: object, code: str, reason: str, **more: Any) -> Answer:
    return Answer(name, status, body, OutcomeUnknown, code, reason, "held", True, **more)


def refused(name: str, status: int, body: object, code: str, reason: str, **more: Any) -> Answer:
    return Answer(name, status, body, Refused, code, reason, **more)


def moderated(name: str, status: int, body: object, code: str, reason: str, **more: Any) -> Answer:
    return Answer(name, status, body, ModerationRefused, code, reason, **more)


def account(name: str, status: int, body: object, code: str, reason: str, **more: Any) -> Answer:
    return Answer(name, status, body, AccountFault, code, reason, "queued", **more)


SERVER_ERROR = err("The server had an error.", "server_error", "server_error")
SAFETY = "Your request was rejected by the safety system. safety_violations=[sexual, violence]."
FLAGGED = err(SAFETY, "image_generation_user_error", "moderation_blocked")
RESET = b"upstream connect error or disconnect/reset before headers. reset reason: connection reset"
LITELLM_RESET = err("litellm.APIConnectionError: Connection error.", "internal_server_error", "500")

# What stands in between says 500 or 503: the request may have been carried out.
IN_BETWEEN = (
    held("SDK proxy, its connection broke", 500, LITELLM_RESET, "http_500", "Connection error"),
    held("page with 500", 500, "<html>500</html>", "http_500", "web page", headers=PAGE),
    held("mesh with 503", 503, RESET, "http_503", "reset before headers", headers=TEXT),
    held(
        "a timeout told as a rate limit",
        429,
        err("litellm.Timeout: APITimeoutError - Request timed out.", "throttling_error", "429"),
        "http_429",
        "timed out",
    ),
    held(
        "a timeout told as a bad request",
        400,
        err("Timeout waiting for upstream", "invalid_request_error", "400"),
        "http_400",
        "waiting for upstream",
    ),
    refused(
        "a parameter of that name",
        400,
        err("Unknown parameter: 'timeout'.", "invalid_request_error"),
        "http_400",
        "Unknown parameter",
    ),
    held("empty 500", 500, b"", "http_500", "gave no reason", is_direct=True),
    held("the service's words, by a proxy", 500, SERVER_ERROR, "server_error", "had an error"),
    held(
        "the service's name, and a timeout",
        503,
        err("Upstream request timeout", "server_error", "server_error"),
        "server_error",
        "timeout",
        is_direct=True,
    ),
    held("words alone, from the service", 500, err("Oops."), "http_500", "Oops", is_direct=True),
    held("a model server", 503, {"detail": "Model not loaded"}, "http_503", "not loaded"),
    held(
        "relay that lost the body",
        500,
        err("x", None, "read_response_body_failed"),
        "read_response_body_failed",
        "x",
    ),
    held("load balancer: the client left", 460, b"", "http_460", "gave no reason"),
    held(
        "cancelled at Google",
        499,
        err("The operation was cancelled.", status="CANCELLED"),
        "CANCELLED",
        "cancelled",
    ),
    held("failed dependency", 424, {"message": "backend died"}, "http_424", "backend died"),
    held("not implemented, by a page", 501, "<h1>501</h1>", "http_501", "web page", headers=PAGE),
    held(
        "guardrail that broke",
        500,
        err("content_filter call failed: Connection reset"),
        "http_500",
        "Connection reset",
    ),
    Answer(
        "the service itself",
        500,
        SERVER_ERROR,
        Retryable,
        "server_error",
        "had an error",
        calls=3,
        is_direct=True,
    ),
    Answer(
        "the service, overloaded",
        503,
        err("Overloaded.", "service_unavailable_error", "server_is_overloaded"),
        Retryable,
        "server_is_overloaded",
        "Overloaded",
        calls=3,
        is_direct=True,
    ),
    moderated("a refusal that a proxy calls 500", 500, FLAGGED, "moderation_blocked", "violence"),
    moderated(
        "the same by an exception's name",
        500,
        err("litellm.ContentPolicyViolationError: no", None, "500"),
        "ContentPolicyViolationError",
        "safety rules",
    ),
    refused(
        "a bad request that a proxy calls 500",
        500,
        err("Unknown size.", "image_generation_user_error", "invalid_value"),
        "invalid_value",
        "Unknown size",
    ),
)


def too_fast(message: str, kind: str | None = "requests") -> dict[str, Any]:
    return err(message, kind, "rate_limit_exceeded")


# A rate limit that no waiting helps against, and one that it does.
RATES = (
    refused(
        "more tokens than a minute has",
        429,
        too_fast(
            "Request too large for m on tokens per min (TPM): Limit 30000, Requested 33000.",
            "tokens",
        ),
        "limit_exceeded",
        "Request too large",
    ),
    refused(
        "more pictures than a minute has",
        429,
        too_fast("Rate limit reached on images per min: Limit 5, Requested 10."),
        "limit_exceeded",
        "Requested 10",
    ),
    refused(
        "thousands with commas",
        429,
        too_fast("TPM: Limit 30,000, Used 0, Requested 33,000."),
        "limit_exceeded",
        "33,000",
    ),
    refused(
        "no quota of this model at Google",
        429,
        {
            "error": {
                "code": 429,
                "status": "RESOURCE_EXHAUSTED",
                "message": "Quota exceeded for free_tier_requests, limit: 0, model: m",
            }
        },
        "limit_exceeded",
        "limit: 0",
    ),
    refused(
        "no quota of this model",
        429,
        too_fast("Limit 0, Used 0, Requested 1."),
        "limit_exceeded",
        "Limit 0",
    ),
    refused(
        "by its code",
        429,
        err("Too many bytes.", None, "request_too_large"),
        "limit_exceeded",
        "Too many bytes",
    ),
    Answer(
        "an ordinary one",
        429,
        too_fast("Limit 5, Used 5, Requested 1."),
        Rejected,
        "rate_limit_exceeded",
        "Used 5",
        calls=3,
    ),
    Answer(
        "a limit of nothing left",
        429,
        too_fast("Rate limit: 0 remaining of 60."),
        Rejected,
        "rate_limit_exceeded",
        "0 remaining",
        calls=3,
    ),
    Answer(
        "a quota a minute at Google",
        429,
        {
            "error": {
                "code": 429,
                "status": "RESOURCE_EXHAUSTED",
                "message": "You exceeded your current quota, limit: 10.",
            }
        },
        Rejected,
        "RESOURCE_EXHAUSTED",
        "limit: 10",
        calls=3,
    ),
)
