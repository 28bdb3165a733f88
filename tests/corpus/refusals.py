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
    UnusableAnswer,
)

PAGE = {"Content-Type": "text/html"}
TEXT = {"Content-Type": "text/plain"}
EVENTS = {"Content-Type": "text/event-stream"}
BILLED = "may have been billed"
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

XAI = {"code": "permission-denied", "error": "Content violates usage guidelines."}
OPENROUTER = err(
    "Your chosen model requires moderation and your input was flagged",
    None,
    403,
    metadata={"reasons": ["sexual/minors"], "flagged_input": "a cat", "provider_name": "OpenAI"},
)
BLOCKED = (
    "Your resource has been temporarily blocked because we detected behavior that may violate our"
    " content policy."
)

# A 403 that is about one request, beside those that are about the account.
FORBIDDEN = (
    moderated("xAI", 403, XAI, "moderation_blocked", "usage guidelines"),
    moderated("OpenRouter", 403, OPENROUTER, "moderation_blocked", "sexual/minors"),
    moderated(
        "xAI charges for it",
        403,
        {
            "code": "permission-denied",
            "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO",
        },
        "moderation_blocked",
        "bio",
        may_be_billed=True,
    ),
    moderated(
        "a relay names the fee",
        403,
        err("Content violates usage guidelines.", None, "violation_fee.grok.csam"),
        "violation_fee.grok.csam",
        "usage guidelines",
        may_be_billed=True,
    ),
    refused(
        "a firewall's page",
        403,
        "<html>Sorry, you have been blocked</html>",
        "http_403",
        "web page",
        headers=PAGE,
    ),
    refused(
        "a firewall's word", 403, b"Request blocked.", "http_403", "Request blocked", headers=TEXT
    ),
    refused("AWS, which says little", 403, {"message": "Forbidden"}, "http_403", "Forbidden"),
    refused("no reason at all", 403, err("No.", "invalid_request_error"), "http_403", "No."),
    refused(
        "a model of its own",
        403,
        err("m is not for you", None, "model_not_found"),
        "model_not_found",
        "not for you",
    ),
    refused(
        "a relay's key without that model",
        403,
        err("No m.", "key_model_access_denied", "403"),
        "http_403",
        "No m.",
    ),
    moderated(
        "Google's safety",
        403,
        {
            "error": {
                "code": 403,
                "message": "Blocked.",
                "status": "PERMISSION_DENIED",
                "details": [{"reason": "PROHIBITED_CONTENT"}],
            }
        },
        "moderation_blocked",
        "Blocked.",
    ),
    account("Azure blocks the resource", 403, err(BLOCKED, None, "403"), "http_403", "resource"),
    account(
        "no permission at Google",
        403,
        {"error": {"code": 403, "message": "Denied.", "status": "PERMISSION_DENIED"}},
        "PERMISSION_DENIED",
        "Denied.",
    ),
    account(
        "a country",
        403,
        err("Not here.", "request_forbidden", "unsupported_country_region_territory"),
        "unsupported_country_region_territory",
        "Not here",
    ),
    account(
        "a scope",
        403,
        err("You have insufficient permissions for this operation."),
        "http_403",
        "insufficient permissions",
    ),
    account(
        "no credits at xAI",
        403,
        {
            "code": "The caller does not have permission",
            "error": "Your newly created team doesn't have any credits yet.",
        },
        "http_403",
        "credits",
    ),
    account(
        "Azure's network",
        403,
        err("Access denied due to Virtual Network rules.", None, "403"),
        "http_403",
        "Virtual Network",
    ),
)

GOOGLE_KEY = [
    {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}
]
GOOGLE_REASON = {
    "error": {
        "code": 400,
        "message": "Expired.",
        "status": "INVALID_ARGUMENT",
        "details": [{"@type": "ErrorInfo", "reason": "API_KEY_EXPIRED"}],
    }
}
QUOTED = "litellm.RateLimitError: Error code: 429 - {'error': {'code': 'insufficient_quota'}}"

# The account under all its names.
ACCOUNTS = (
    account(
        "billing",
        429,
        err("Your account is not active.", "billing_not_active", "billing_not_active"),
        "billing_not_active",
        "not active",
    ),
    account(
        "a relay's budget",
        429,
        err("Budget has been exceeded!", "budget_exceeded", "429"),
        "http_429",
        "Budget",
    ),
    account(
        "the same with 400",
        400,
        err("ExceededBudget: over", "budget_exceeded", "400"),
        "http_400",
        "over",
    ),
    account("quota, named in the type", 429, err("No.", "insufficient_quota"), "http_429", "No."),
    account(
        "quota, in a proxy's words",
        429,
        err(QUOTED, "throttling_error", "429"),
        "http_429",
        "insufficient_quota",
    ),
    account(
        "a relay's user quota",
        403,
        err("No.", "new_api_error", "insufficient_user_quota"),
        "insufficient_user_quota",
        "No.",
    ),
    account(
        "a relay's token quota",
        403,
        err("No.", "x", "pre_consume_token_quota_failed"),
        "pre_consume_token_quota_failed",
        "No.",
    ),
    account("a key at Google", 400, GOOGLE_KEY, "INVALID_ARGUMENT", "API key not valid"),
    account("a key at Google, by its reason", 400, GOOGLE_REASON, "INVALID_ARGUMENT", "Expired"),
    account(
        "a place at Google",
        400,
        err("User location is not supported for the API use.", status="FAILED_PRECONDITION"),
        "FAILED_PRECONDITION",
        "location",
    ),
    account(
        "a key at xAI",
        400,
        {"code": "invalid argument", "error": "Incorrect API key provided"},
        "http_400",
        "Incorrect API key",
    ),
    account(
        "a key",
        401,
        err("Wrong.", "invalid_request_error", "invalid_api_key"),
        "invalid_api_key",
        "Wrong",
    ),
    account(
        "an expired key of a relay",
        400,
        err("Expired.", "expired_key", "400"),
        "http_400",
        "Expired",
    ),
    account(
        "deactivated", 401, err("Gone.", None, "account_deactivated"), "account_deactivated", "Gone"
    ),
    account(
        "disabled organisation",
        400,
        err("Gone.", None, "organization_disabled"),
        "organization_disabled",
        "Gone",
    ),
    account(
        "credits at OpenRouter", 402, err("Insufficient credits", None, 402), "http_402", "credits"
    ),
    account("a proxy of one's own", 407, "<html>", "http_407", "web page", headers=PAGE),
    account(
        "a subscription key",
        401,
        {"statusCode": 401, "message": "Access denied due to invalid subscription key."},
        "http_401",
        "subscription key",
    ),
    refused(
        "a prompt that names a code",
        400,
        err("Bad prompt: 'code': 'insufficient_quota'"),
        "http_400",
        "Bad prompt",
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

MINIMAX = {"data": None, "base_resp": {"status_code": 1026, "status_msg": "new_sensitive"}}

# Errors that come with the status of success.
SUCCESSES = (
    moderated(
        "moderation", 200, FLAGGED, "moderation_blocked", "sexual, violence", may_be_billed=True
    ),
    moderated(
        "moderation of the input",
        200,
        err(
            "No.",
            None,
            "moderation_blocked",
            moderation_details={"moderation_stage": "input", "categories": ["violence"]},
        ),
        "moderation_blocked",
        "violence",
    ),
    moderated(
        "xAI keeps it back",
        200,
        {"data": [{"url": "", "b64_json": "", "respect_moderation": False}]},
        "moderation_blocked",
        "moderation",
        may_be_billed=True,
    ),
    moderated(
        "a finish reason",
        200,
        {"data": [{"finish_reason": "IMAGE_SAFETY"}]},
        "moderation_blocked",
        "safety rules",
        may_be_billed=True,
    ),
    moderated(
        "a reason at Google",
        200,
        {"data": [{"raiFilteredReason": "Filtered out: support codes 5."}]},
        "moderation_blocked",
        "support codes",
        may_be_billed=True,
    ),
    account(
        "quota",
        200,
        err("You exceeded it.", "insufficient_quota", "insufficient_quota"),
        "insufficient_quota",
        "You exceeded it",
    ),
    account("credits, by a number", 200, err("No credits.", None, 402), "http_200", "credits"),
    held(
        "a number that is a status",
        200,
        err("Provider returned error", None, 502),
        "http_200",
        "Provider returned error",
    ),
    refused(
        "a bad request",
        200,
        err("Bad size.", "invalid_request_error", "invalid_value"),
        "invalid_value",
        "Bad size",
    ),
    Answer(
        "words beside empty data",
        200,
        {"created": 1, "data": [], "error": "width must be divisible by 16"},
        UnusableAnswer,
        "bad_response",
        "divisible by 16",
        may_be_billed=True,
    ),
    Answer(
        "an error in the picture's place",
        200,
        {"data": [{"error": {"message": "Out of ink"}}]},
        UnusableAnswer,
        "bad_response",
        "Out of ink",
        may_be_billed=True,
    ),
    Answer(
        "a base response",
        200,
        MINIMAX,
        UnusableAnswer,
        "bad_response",
        "new_sensitive",
        may_be_billed=True,
    ),
    Answer(
        "a success that is false",
        200,
        {"success": False, "message": "try another"},
        UnusableAnswer,
        "bad_response",
        "try another",
        may_be_billed=True,
    ),
)

AZURE_INNER = err(
    "Filtered.",
    None,
    "x",
    innererror={
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {"hate": {"filtered": True}, "violence": {"filtered": False}},
    },
)

# Moderation under its other names.
MODERATIONS = (
    moderated(
        "word for word through a proxy",
        400,
        err(
            "litellm.BadRequestError: OpenAIException - Your request was rejected by the"
            " safety system.",
            "image_generation_user_error",
            "400",
        ),
        "moderation_blocked",
        "rejected by the safety system",
    ),
    moderated(
        "Azure's filter",
        400,
        err("The response was filtered.", None, "content_filter"),
        "content_filter",
        "was filtered",
    ),
    moderated("Azure's inner code", 400, AZURE_INNER, "moderation_blocked", "hate"),
    moderated(
        "the old models' sentence",
        400,
        err("Your request was rejected as a result of our safety system.", "invalid_request_error"),
        "moderation_blocked",
        "as a result",
    ),
    moderated("violations in the sentence", 400, err(SAFETY), "moderation_blocked", "sexual"),
    moderated(
        "Alibaba",
        400,
        {"code": "DataInspectionFailed", "message": "Improper.", "request_id": "ali-7"},
        "DataInspectionFailed",
        "ali-7",
    ),
    moderated(
        "Volcengine",
        400,
        err("No.", None, "OutputImageSensitiveContentDetected"),
        "OutputImageSensitiveContentDetected",
        "No.",
    ),
    moderated(
        "a relay's words",
        400,
        err("No.", None, "sensitive_words_detected"),
        "sensitive_words_detected",
        "No.",
    ),
    moderated(
        "a message that is JSON",
        400,
        err('{"error": {"message": "Not this.", "code": "content_policy_violation"}}', None, "400"),
        "content_policy_violation",
        "Not this",
    ),
)

# Reasons in every shape.
REASONS = (
    refused(
        "plain text",
        400,
        b"size must be a multiple of 16",
        "http_400",
        "multiple of 16",
        headers=TEXT,
    ),
    refused(
        "errors",
        400,
        {"errors": [{"message": "size must be a multiple of 16"}]},
        "http_400",
        "multiple of 16",
    ),
    refused(
        "errors by field",
        422,
        {"errors": {"size": ["must be a multiple of 16"]}},
        "http_422",
        "size: must be a multiple of 16",
    ),
    refused(
        "a problem document",
        400,
        {"type": "https://example.org/e", "title": "Bad size", "detail": "Use 16.", "status": 400},
        "http_400",
        "Bad size; Use 16.",
    ),
    refused(
        "a field list",
        422,
        {"detail": [{"loc": ["body", "n"], "msg": "too many"}]},
        "http_422",
        "too many",
    ),
    refused("a detail object", 400, {"detail": {"error": "too wide"}}, "http_400", "too wide"),
    refused("a list of texts", 400, ["too wide"], "http_400", "too wide"),
    refused(
        "messages in a list",
        400,
        {"statusCode": 400, "error": "Bad Request", "message": ["n is too large"]},
        "http_400",
        "n is too large",
    ),
    refused("JSON in JSON", 400, {"error": '{"message": "too wide"}'}, "http_400", "too wide"),
    refused(
        "the raw words of a provider",
        400,
        err("Provider returned error", None, 400, metadata={"raw": '{"detail": "too wide"}'}),
        "http_400",
        "too wide",
    ),
    refused("a JSON text", 400, b'"too wide"', "http_400", "too wide"),
    refused("a number for a code", 400, err("too wide", None, "400"), "http_400", "too wide"),
    refused(
        "Azure's id",
        400,
        err("Bad."),
        "http_400",
        "Request id: az-5.",
        headers={"apim-request-id": "az-5"},
    ),
    refused(
        "an id",
        400,
        err("Bad"),
        "http_400",
        "Bad. Request id: req_9.",
        headers={"x-request-id": "req_9"},
    ),
    # The families of a setting that the model does not have.
    refused(
        "fidelity",
        400,
        err(
            "The model 'm' does not support the 'input_fidelity' parameter.",
            "image_generation_user_error",
            "invalid_input_fidelity_model",
        ),
        "invalid_input_fidelity_model",
        "input_fidelity",
    ),
    refused(
        "quality",
        400,
        err("The model 'm' does not support quality 'xhigh'.", "image_generation_user_error"),
        "http_400",
        "xhigh",
    ),
    refused(
        "complexity",
        400,
        err(
            "Not with this model.",
            "image_generation_user_error",
            "unsupported_value",
            param="complexity",
        ),
        "unsupported_value",
        "Not with this model",
    ),
)
