"""/healthz says that this process answers; /readyz says which parts work."""

from collections.abc import Callable

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import RedisError


class Unwell(Exception):
    """A part that does not work as it should; the text says how."""


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    checks: dict[str, Callable[[], object]] = {"database": _ask_database, "broker": _ask_broker}
    checks |= {name: import_string(path) for name, path in settings.READINESS_CHECKS}
    parts = {name: _result(check) for name, check in checks.items()}
    is_ready = all(result == "ok" for result in parts.values())
    return JsonResponse({"ready": is_ready, "parts": parts}, status=200 if is_ready else 503)


def _result(check: Callable[[], object]) -> str:
    try:
        check()
    except Unwell as error:
        return str(error)
    except (DatabaseError, RedisError, OSError) as error:
        # The kind of fault is enough for an operator; its text may name hosts.
        return type(error).__name__
    return "ok"


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_broker() -> None:
    with redis.Redis.from_url(settings.REDIS_URL, **settings.SOCKET_OPTIONS) as broker:
        broker.ping()
