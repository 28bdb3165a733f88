from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from imagestudio.accounts.models import Membership, Role

SESSION_KEY = "team"


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
