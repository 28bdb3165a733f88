from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imagestudio.audit.models import Entry
from imagestudio.audit.services import broken_entries


class Command(BaseCommand):
    help = "Checks the audit log's hash chain and names the entries that were changed."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = list(broken_entries())
        for entry in broken:
            self.stderr.write(f"Entry {entry.pk} does not fit its chain: {entry}")
        if broken:
            raise CommandError(f"{len(broken)} of {Entry.objects.count()} entries are broken.")
        self.stdout.write(f"{Entry.objects.count()} entries, all in one unbroken chain.")
