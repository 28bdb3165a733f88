"""What every page may have to say, whatever it is about. Asked for when it is shown."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from jobs.models import LateResult
from jobs.services import late
from jobs.services.queue import circuit_breaker

SHOWN_LATE = 3


def strips(request: HttpRequest) -> dict[str, Any]:
    return {
        "late_results": SimpleLazyObject(lambda: _late(request)),
        "provider_notices": SimpleLazyObject(lambda: _notices(request)),
    }


def _late(request: HttpRequest) -> list[LateResult]:
    if not request.user.is_authenticated:
        return []
    return list(late.offered_to(request.user)[:SHOWN_LATE])


def _notices(request: HttpRequest) -> list[circuit_breaker.ProviderNotice]:
    return circuit_breaker.notices() if request.user.is_authenticated else []
