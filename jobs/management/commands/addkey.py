"""A key for a program, from the command line; the page for API keys does the same."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imagestudio.accounts.models import User
from imagestudio.accounts.rights import teams_made_in
from jobs.services.programs import keys
from jobs.services.programs.keys import Terms
from jobs.services.refusals import SubmitRefused


class Command(BaseCommand):
    help = "Make an API key for a member. It is printed once and stored nowhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name", help="What the key is for.")
        parser.add_argument("--team", default="", help="By name; needed by members of several.")

    def handle(self, *args: Any, **options: Any) -> None:
        member = User.objects.filter(email=options["email"].strip().lower()).first()
        if member is None:
            raise CommandError(f"Nobody here has the address {options['email']}.")
        teams = teams_made_in(member)
        teams = teams.filter(name=options["team"]) if options["team"] else teams
        if teams.count() != 1:
            raise CommandError(f"{member} makes pictures in {teams.count()} such teams; name one.")
        try:
            made = keys.create(member, teams.get(), Terms(name=options["name"]))
        except SubmitRefused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(made.secret)
