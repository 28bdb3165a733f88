"""Every address of /v1: who may use it, how much it takes, what answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from imagestudio.accounts.models import Scope
from jobs.gateway.api import studio, work
from jobs.gateway.api.errors import ApiError, ErrorAnswer, not_found

if TYPE_CHECKING:
    from jobs.gateway.api.calls import ApiRequest
    from jobs.gateway.api.replies import ApiResponse, Pending

SMALL_BODY_BYTES = 1024 * 1024
NO_BODY_BYTES = 64 * 1024
_PARTS = {"job": "[^/]+", "model": ".+"}

Handle = Callable[["ApiRequest"], "Pending | ApiResponse"]


@dataclass(frozen=True, slots=True)
class Route:
    """One address with one method."""

    method: str
    path: str
    scope: Scope
    handle: Handle
    summary: str
    takes_pictures: bool = False
    waits: bool = False  # Its answer may have to be waited for.
    is_for_own: bool = False  # Without the scope, it is for jobs that this very key has made.

    @property
    def max_body_bytes(self) -> int:
        if self.takes_pictures:
            return int(settings.GATEWAY_MAX_BODY_BYTES)
        return SMALL_BODY_BYTES if self.method == "POST" else NO_BODY_BYTES

    def match(self, path: str) -> Mapping[str, str] | None:
        found = _pattern(self.path).fullmatch(path)
        return found.groupdict() if found else None


def _making(
    summary: str, path: str, scope: Scope, handle: Handle, *, takes_pictures: bool = False
) -> Route:
    return Route("POST", path, scope, handle, summary, takes_pictures=takes_pictures, waits=True)


def _of_a_job(summary: str, method: str, what: str, scope: Scope, handle: Handle) -> Route:
    return Route(method, _JOB + what, scope, handle, summary, is_for_own=True)


_GENERATIONS, _EDITS = "/v1/images/generations", "/v1/images/edits"
_VARIATIONS, _JOB = "/v1/images/variations", "/v1/studio/jobs/{job}"

ROUTES = (
    _making("Make pictures from a prompt", _GENERATIONS, Scope.GENERATE, work.generate),
    _making("Change or combine pictures", _EDITS, Scope.EDIT, work.edit, takes_pictures=True),
    _making(
        "Make variations of a picture", _VARIATIONS, Scope.EDIT, work.vary, takes_pictures=True
    ),
    Route("GET", "/v1/models", Scope.READ, studio.models, "List the models"),
    Route("GET", "/v1/models/{model}", Scope.READ, studio.model, "One model"),
    _of_a_job("A job: how it stands, what came of it", "GET", "", Scope.READ, studio.job),
    _of_a_job("The answer that a call would have had", "GET", "/result", Scope.READ, studio.result),
    _of_a_job("Call a job off", "POST", "/cancel", Scope.GENERATE, studio.cancel),
    Route("GET", "/v1/studio/images", Scope.READ, studio.images, "The history, newest first"),
)


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """The route of an address, and what stands in its places."""
    # A model's name may hold a slash, but nothing ends with one.
    found = (
        [] if path.endswith("/") else [(r, a) for r in ROUTES if (a := r.match(path)) is not None]
    )
    if not found:
        hint = "" if path.startswith("/v1/") else " The base URL of this API ends with /v1."
        raise not_found(f"Invalid URL ({method} {path[:200]}).{hint}", "unknown_url")
    for route, args in found:
        if method in _methods(route):
            return route, args
    allowed = ", ".join(sorted({name for route, _ in found for name in _methods(route)}))
    message = f"Not allowed to {method[:20]} on {path[:200]}. It takes {allowed}."
    headers = {"allow": allowed}
    raise ApiError(
        ErrorAnswer(status=405, message=message, code="method_not_allowed", headers=headers)
    )


def _methods(route: Route) -> tuple[str, ...]:
    return ("GET", "HEAD") if route.method == "GET" else (route.method,)


def _pattern(path: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", path)
    text = "".join(
        f"(?P<{piece}>{_PARTS[piece]})" if number % 2 else re.escape(piece)
        for number, piece in enumerate(pieces)
    )
    return re.compile(text)
