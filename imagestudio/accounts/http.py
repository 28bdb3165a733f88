"""The request as our views see it, after the middleware has run."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from imagestudio.accounts.models import Role, Team, User


class StudioRequest(HttpRequest):
    user: User
    htmx: HtmxDetails
    team: Team | None
    role: Role | None
    teams: list[Team]
