"""Errors in the one shape that programs written for the Images API understand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imagestudio.images_api.capabilities import OPTION_LABELS, Problem, ProblemCode
from imagestudio.images_api.types import ImageRequest

MAX_RETRY_AFTER_S = 60  # The Node client ignores more, and comes back at once.
_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    429: "requests",
    500: "server_error",
    502: "server_error",
    503: "service_unavailable_error",
    504: "server_error",
}
_CODES_OF_MODELS = {"input_fidelity": "invalid_input_fidelity_model"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """An error answer. `again` says whether the very same request should be sent again."""

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    kind: str = ""
    again: bool | None = None
    retry_after_s: float | None = None
    details: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        error: dict[str, object] = {
            "message": self.message,
            "type": self.kind or _KINDS.get(self.status, "invalid_request_error"),
            "param": self.param,
            "code": self.code,
        }
        if self.details:
            error["moderation_details"] = dict(self.details)
        return {"error": error}

    def body(self) -> bytes:
        return json.dumps(self.document()).encode()

    def all_headers(self) -> dict[str, str]:
        headers = dict(self.headers)
        if self.retry_after_s is not None:
            headers["retry-after"] = str(max(1, min(MAX_RETRY_AFTER_S, round(self.retry_after_s))))
        if self.again is not None:
            headers["x-should-retry"] = str(self.again).lower()
        return headers


class ApiError(Exception):
    """Carries an error from where it is found to where it is sent."""

    def __init__(self, error: ErrorAnswer) -> None:
        super().__init__(error.message)
        self.error = error


def invalid(param: str | None, message: str, code: str = "invalid_value") -> ApiError:
    return ApiError(ErrorAnswer(status=400, message=message, code=code, param=param))


def not_found(message: str, code: str | None = None, param: str | None = None) -> ApiError:
    return ApiError(ErrorAnswer(status=404, message=message, code=code, param=param))


def too_large(max_bytes: int, instead: str = "") -> ApiError:
    message = f"The request is larger than {max_bytes // (1024 * 1024)} MB.{instead}"
    return ApiError(ErrorAnswer(status=413, message=message, code="request_too_large"))


def forbidden(message: str, code: str = "not_allowed") -> ApiError:
    return ApiError(ErrorAnswer(status=403, message=message, code=code))


def refused(
    problems: Sequence[Problem], *, pictures_param: str, request: ImageRequest | None = None
) -> ApiError:
    """A request that the studio does not take, with all that is wrong with it."""
    first = problems[0]
    message = " ".join(problem.for_programs for problem in problems)
    if first.param == "idempotency_key":
        return _reused_key(first)
    if first.param in ("model", "provider"):
        return not_found(message, "model_not_found", "model")
    param = {"inputs": pictures_param, "operation": pictures_param}.get(first.param, first.param)
    code = "invalid_image_file" if first.param in ("inputs", "mask", "markup") else "invalid_value"
    if request is not None and _is_of_other_models(first.param, request):
        code = _CODES_OF_MODELS.get(first.param, code)
        kind = "image_generation_user_error"
        return ApiError(ErrorAnswer(status=400, message=message, code=code, param=param, kind=kind))
    return invalid(param, message, code)


def _is_of_other_models(param: str, request: ImageRequest) -> bool:
    """A value that is right for some model, and not for this one."""
    return param in OPTION_LABELS and getattr(request, param) in OPTION_LABELS[param]


def _reused_key(problem: Problem) -> ApiError:
    if problem.code is not ProblemCode.KEY_REUSED:
        return invalid("Idempotency-Key", problem.for_programs)
    message = "This Idempotency-Key was used in the last 24 hours for another request."
    return ApiError(
        ErrorAnswer(status=422, message=message, code="idempotency_key_reused", again=False)
    )
