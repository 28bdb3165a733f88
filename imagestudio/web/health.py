"""Liveness and readiness: /healthz says that this process answers; /readyz says which parts work.

Of each part: whether it is well, how old its last sign of life is (null where it was asked just
now), and what is wrong.
"""

from collections.abc import Callable

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from imagestudio.web import database, valkey
from imagestudio.web.chunked import App, Receive, Scope, Send


class Unwell(Exception):
    """A part that does not work as it should; the text says how."""

    def __init__(self, problem: str, age_s: float | None = None) -> None:
        self.age_s = age_s
        super().__init__(problem)


class Alive:
    """Stands before all else and answers /healthz on the event loop itself: a process with all its
    threads at work is alive, and who asks would start another one."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/healthz" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": _ALIVE})
        await send({"type": "http.response.body", "body": b"ok"})


_ALIVE = [
    (b"content-type", b"text/plain"),
    (b"content-length", b"2"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
]

# Gives the age in seconds of the part's last sign of life, where it has one.
Check = Callable[[], float | None]


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    checks: dict[str, Check] = {"database": _ask_database, "broker": _ask_broker}
    checks |= {name: import_string(path) for name, path in settings.READINESS_CHECKS}
    parts = {name: _result(check) for name, check in checks.items()}
    is_ready = all(part["ok"] for part in parts.values())
    return JsonResponse({"ready": is_ready, "parts": parts}, status=200 if is_ready else 503)


def _result(check: Check) -> dict[str, object]:
    try:
        return _part(True, check())
    except Unwell as error:
        return _part(False, error.age_s, str(error))
    except (*database.FAILED, *valkey.FAILED) as error:
        # The kind of fault is enough for an operator; its text may name hosts.
        return _part(False, None, type(error).__name__)


def _part(is_ok: bool, age_s: float | None, problem: str = "") -> dict[str, object]:
    age = None if age_s is None else round(age_s, 1)
    return {"ok": is_ok, "age_s": age, "problem": problem}


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_broker() -> None:
    with redis.Redis.from_url(settings.REDIS_URL, **settings.SOCKET_OPTIONS) as broker:
        broker.ping()
