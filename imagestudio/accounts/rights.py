"""Permissions: plain questions with yes or no as the answer."""

from django.db.models import QuerySet

from imagestudio.accounts.models import Membership, Role, Team, User

MAKERS = (Role.ADMIN, Role.MEMBER)


def may_submit(user: User, team: Team) -> bool:
    """Viewers see; members and admins also make."""
    return Membership.objects.filter(user=user, team=team, role__in=MAKERS).exists()


def teams_of(user: User) -> QuerySet[Team]:
    return Team.objects.filter(memberships__user=user)


def teams_made_in(user: User) -> QuerySet[Team]:
    return Team.objects.filter(memberships__user=user, memberships__role__in=MAKERS)


def teams_overseen_by(user: User) -> QuerySet[Team]:
    """Team admins oversee their teams, the superuser all."""
    if user.is_superuser:
        return Team.objects.all()
    return Team.objects.filter(memberships__user=user, memberships__role=Role.ADMIN)
