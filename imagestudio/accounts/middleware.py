import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from imagestudio.accounts.models import Membership, Role, User
from imagestudio.accounts.services import note_sign_out

SESSION_KEY = "team"
BEGAN, SEEN = "began", "seen"
SOMEBODY_ELSE = "Somebody else is signed in to this browser now. Reload the page.\n"
TEXT = "text/plain; charset=utf-8"


def begin(session: SessionBase) -> None:
    """From now on it is young and in use."""
    session[BEGAN] = session[SEEN] = int(time.time())


class BoundedSession:
    """Ends a session that nobody used for a while, and every session after a longer one.

    Pages that ask by themselves whether there is news are no use of it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            self._bound(request, request.user, int(time.time()))
        return self.get_response(request)

    def _bound(self, request: HttpRequest, user: User, now: int) -> None:
        session = request.session
        began, seen = session.get(BEGAN, now), session.get(SEEN, now)
        is_idle = now - seen > settings.SESSION_IDLE_S
        if is_idle or now - began > settings.SESSION_COOKIE_AGE:
            session.flush()
            request.user = AnonymousUser()
            note_sign_out(user, "idle" if is_idle else "too long")
            return
        is_due = BEGAN not in session or now - seen > settings.SESSION_IDLE_S / 60
        if is_due and request.path not in settings.SESSION_IDLE_EXEMPT:
            session[BEGAN], session[SEEN] = began, now


class SamePerson:
    """Refuses what a page asks for by script once another person has signed in to that browser.

    Else the first one's page would show what is the other's, or send its forms in the other's name.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked_by = request.headers.get("X-Person")
        if asked_by and request.user.is_authenticated and asked_by != str(request.user.pk):
            return HttpResponse(SOMEBODY_ELSE, status=HTTPStatus.CONFLICT, content_type=TEXT)
        return self.get_response(request)


class CurrentTeam:
    """Puts `team`, `role`, `teams` on the request: the team chosen in this session or the first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        memberships = _memberships(request)
        current = _current(memberships, request)
        request.team = current.team if current else None  # type: ignore[attr-defined]
        request.role = Role(current.role) if current else None  # type: ignore[attr-defined]
        request.teams = [membership.team for membership in memberships]  # type: ignore[attr-defined]
        return self.get_response(request)


class LoginRequired(LoginRequiredMiddleware):
    """Django's own, but after sign-in nobody is sent to an address that only takes forms."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        return redirect_to_login(_page_of_form(request))


def _page_of_form(request: HttpRequest) -> str:
    """The page that the form was on, if the browser says so and it is one of ours."""
    referer = urlsplit(request.headers.get("Referer", ""))
    is_ours = referer.netloc == request.get_host() and not referer.path.startswith("//")
    return (is_ours and referer.path) or "/"


def _memberships(request: HttpRequest) -> list[Membership]:
    if not request.user.is_authenticated:
        return []
    rows = Membership.objects.filter(user=request.user).select_related("team")
    return list(rows.order_by("team__name", "pk"))


def _current(memberships: list[Membership], request: HttpRequest) -> Membership | None:
    if not memberships:
        return None
    chosen = request.session.get(SESSION_KEY)
    return next((m for m in memberships if str(m.team_id) == chosen), memberships[0])
