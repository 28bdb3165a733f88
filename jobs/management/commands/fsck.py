from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.services.recover import fsck


class Command(BaseCommand):
    help = "Reads every stored picture and reports those that are missing or changed."

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for found, problem in enumerate(fsck.problems(), 1):  # noqa: B007 - Counted to the end.
            self.stdout.write(problem)
        if found:
            raise CommandError(f"{found} pictures are missing or changed.")
        self.stdout.write("Every picture is there, unchanged.")
