import getpass
import secrets
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from imagestudio.accounts.models import Role, Team
from imagestudio.accounts.services import add_user


class Command(BaseCommand):
    help = "Adds a person. Sign-up is closed, so this is how members come in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--team", help="the team's name; default: the first team")
        parser.add_argument("--role", choices=Role.values, default=Role.MEMBER)
        parser.add_argument("--superuser", action="store_true", help="may oversee every team")

    def handle(self, *args: Any, **options: Any) -> None:
        password, was_made_up = _password()
        try:
            user = add_user(
                options["email"],
                password,
                name=options["name"],
                team=_team(options["team"]),
                role=Role(options["role"]),
                is_superuser=options["superuser"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"{user.email} can sign in now.")
        if was_made_up:
            self.stdout.write(f"Password: {password}")


def _password() -> tuple[str, bool]:
    """Ask at a terminal, read a line from a pipe, make one up when neither gives any."""
    if sys.stdin.isatty():
        typed = getpass.getpass("Password (empty: make one up): ")
    else:
        typed = sys.stdin.readline().strip()
    return (typed, False) if typed else (secrets.token_urlsafe(12), True)


def _team(name: str | None) -> Team:
    teams = Team.objects.filter(name=name) if name else Team.objects.order_by("created_at")
    team = teams.first()
    if team is None:
        raise CommandError(f"There is no team named {name!r}." if name else "There is no team yet.")
    return team
