from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imagestudio.audit import anchors
from imagestudio.audit.models import Entry
from imagestudio.audit.services import broken_entries


class Command(BaseCommand):
    help = "Checks the audit log's chain and its anchors; names what was changed or cut off."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = list(broken_entries())
        for entry in broken:
            self.stderr.write(f"Entry {entry.pk} does not fit its chain: {entry}")
        missing = list(anchors.problems())
        for problem in missing:
            self.stderr.write(problem)
        if broken or missing:
            raise CommandError(
                f"{len(broken)} of {Entry.objects.count()} entries are broken, "
                f"and {len(missing)} anchors no longer fit."
            )
        self.stdout.write(f"{Entry.objects.count()} entries, all in one unbroken chain.")
