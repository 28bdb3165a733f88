from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.db import transaction

from imagestudio.accounts.models import User
from imagestudio.audit.services import record


class Command(changepassword.Command):
    """Django's own, by whoever looks after the machine; it is recorded like every other change."""

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> str | None:
        done = super().handle(*args, **options)
        user = User.objects.get(email__iexact=options["username"])
        record(None, "password.changed", user, {"by": "manage.py changepassword"})
        return done
