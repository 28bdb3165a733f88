import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from imagestudio.accounts.models import Role, User
from imagestudio.accounts.services import add_team, add_user


class Command(BaseCommand):
    help = "On an empty database: makes the first team and its admin. Later: does nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", default="")
        parser.add_argument("--team", default="My team")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            return
        email = options["email"] or settings.FIRST_ADMIN_EMAIL
        password = settings.FIRST_ADMIN_PASSWORD or secrets.token_urlsafe(12)
        team = add_team(options["team"])
        try:
            add_user(email, password, team=team, role=Role.ADMIN, is_superuser=True)
        except ValidationError as error:
            raise CommandError("STUDIO_ADMIN_PASSWORD: " + " ".join(error.messages)) from None
        shown = "the one you set" if settings.FIRST_ADMIN_PASSWORD else password
        self.stdout.write(f"Sign in as {email}  password: {shown}")
