"""Pages for what went wrong. None of them asks the database or the session for anything."""

import sys

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from psycopg.errors import ReadOnlySqlTransaction

from imagestudio.web import database, valkey

AWAY = (*database.AWAY, *valkey.AWAY)
# SQLSTATE: a character that the database can't store, an escape in JSON that stands for one.
_NO_TEXT = ("22021", "22P05")


class Busy(Exception):
    """Too many ask for the same dear thing at once; nothing was done."""


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page("400.html", 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page("403.html", 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page("403_csrf.html", 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page("404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    # Django turns what an inner middleware raised into this page before any outer one sees it.
    error = sys.exc_info()[1]
    if is_away(error):
        return engines_away(request)
    if is_no_text(error):
        return bad_request(request)
    return _page("500.html", 500)


def is_away(error: BaseException | None) -> bool:
    """Whether database or cache can't be asked just now; after a failover one only reads."""
    if isinstance(error, (*database.UNREACHABLE, *valkey.AWAY)):
        return True
    return isinstance(getattr(error, "__cause__", None), ReadOnlySqlTransaction)


def is_no_text(error: BaseException | None) -> bool:
    """Whether a stranger's text holds what PostgreSQL keeps in none: NUL, or half a character."""
    if isinstance(error, UnicodeEncodeError):
        return error.reason == "surrogates not allowed"
    state = getattr(getattr(error, "__cause__", None), "sqlstate", None)
    return isinstance(error, DataError) and (state in _NO_TEXT or "NUL (0x00)" in str(error))


def engines_away(request: HttpRequest) -> HttpResponse:
    response = _page("503.html", 503)
    response.headers["Retry-After"] = "5"
    return response


def busy(request: HttpRequest) -> HttpResponse:
    response = _page("503_busy.html", 503)
    response.headers["Retry-After"] = "3"
    return response


def _page(template: str, status: int) -> HttpResponse:
    response = HttpResponse(render_to_string(template), status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
