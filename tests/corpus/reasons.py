"""Errors with the status of success, moderation by any name, and reasons in every shape."""

from __future__ import annotations

from imagestudio.images_api.errors import UnusableAnswer
from tests.corpus.refusals import (
    FLAGGED,
    SAFETY,
    TEXT,
    Answer,
    account,
    err,
    held,
    moderated,
    refused,
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
