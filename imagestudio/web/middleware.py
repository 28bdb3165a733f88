import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from imagestudio.web.errors import (
    AWAY,
    Busy,
    bad_request,
    busy,
    engines_away,
    is_away,
    is_no_text,
)
from imagestudio.web.storage import StorageAway

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponseBase]


class SecurityHeaders:
    """A content security policy on every answer; a view may set a stricter one of its own."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.policy = policy_text(settings.SECURE_CSP)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class CompressedPages(GZipMiddleware):
    """Pages alone: pictures are compressed already, and streams have a length to tell.

    The length of a compressed page may tell of a secret in it that stands beside foreign words. So
    tokens are masked anew in each answer, and each is lengthened by chance.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.streaming or not is_page:
            return response
        return super().process_response(request, response)


class EnginesAway:
    """Answers 503 with a way out while an engine or the storage is away, instead of a crash."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        except AWAY as error:
            if not is_away(error):
                raise
            logger.warning("an engine is away: %s", type(error).__name__)
            return engines_away(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if is_no_text(exception):
            return bad_request(request)
        if isinstance(exception, Busy):
            return busy(request)
        if not is_away(exception) and not isinstance(exception, StorageAway):
            return None
        logger.warning("an engine is away: %s", type(exception).__name__)
        return engines_away(request)


def policy_text(policy: dict[str, list[str]]) -> str:
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())
