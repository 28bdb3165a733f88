"""Days and months as the reader has them: the browser tells its zone in a cookie."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

COOKIE = "zone"
MAX_CHARS = 64


class ReaderZone:
    """Without a cookie, or with one that names no zone, days are those of UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with timezone.override(_zone(request.COOKIES.get(COOKIE, ""))):
            return self.get_response(request)


def unknown_zone_words() -> str:
    """What a day or a month must say of itself when it is not known to be the reader's."""
    is_known = timezone.get_current_timezone() is not timezone.get_default_timezone()
    return "" if is_known else " (UTC)"


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if 0 < len(name) <= MAX_CHARS else None
    except (ValueError, OSError, LookupError):  # No such zone, a folder of zones, a path.
        return None
