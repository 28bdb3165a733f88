"""The verbs about people."""

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import F

from imagestudio.accounts.models import Membership, Role, Team, User
from imagestudio.audit.services import record


def add_team(name: str, actor: User | None = None) -> Team:
    with transaction.atomic():
        team = Team.objects.create(name=name)
        record(actor, "team.added", team, {"name": name})
        return team


def end_sessions(actor: User | None, user: User) -> None:
    """Sign somebody out everywhere, for good."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(session_version=F("session_version") + 1)
        record(actor, "sessions.ended", user)


def note_sign_in(verb: str, login: str, address: str) -> None:
    """What was typed is kept of no stranger: people type their passwords there."""
    found = EmailAddress.objects.filter(email__iexact=login).select_related("user").first()
    user: User | None = found.user if found else None
    actor = user if verb == "sign_in.succeeded" else None
    record(actor, verb, user, {"address": address})


def note_sign_out(user: User | None, why: str = "asked") -> None:
    if user is not None:
        record(user, "sign_out", user, {"why": why})


def note_password(actor: User | None, user: User) -> None:
    """Changed by themselves, or by a letter that was sent to them."""
    record(actor or user, "password.changed" if actor else "password.reset", user)


@transaction.atomic
def add_user(
    email: str,
    password: str,
    *,
    name: str = "",
    team: Team | None = None,
    role: Role = Role.MEMBER,
    is_superuser: bool = False,
    actor: User | None = None,
) -> User:
    """Create a person with a verified address; ValidationError when the password is weak."""
    user = User(email=email.strip().lower(), name=name)
    validate_password(password, user)
    user.is_staff = user.is_superuser = is_superuser
    user.set_password(password)
    user.full_clean()
    user.save(force_insert=True)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if team is not None:
        Membership.objects.create(user=user, team=team, role=role)
    details = {"role": role, "team": team.name if team else None, "is_superuser": is_superuser}
    record(actor, "user.added", user, details)
    return user
