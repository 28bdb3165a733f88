"""The verbs about people."""

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from imagestudio.accounts.models import Membership, Role, Team, User
from imagestudio.audit.services import record


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
    record(actor, "user.added", user, {"role": role, "team": team.name if team else None})
    return user
