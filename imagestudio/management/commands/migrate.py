from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import DEFAULT_DB_ALIAS, connections

from imagestudio.engines.roles import Login, separate

OWNER = "owner"


class Command(Migrate):
    """Django's own, as the role that owns the tables; the application's role then gets its rights.

    Without DATABASE_OWNER_URL there is one role for both, and everything is as Django has it.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        if OWNER not in connections or options["database"] != DEFAULT_DB_ALIAS:
            super().handle(*args, **options)
            return
        super().handle(*args, **options | {"database": OWNER})
        application = connections[DEFAULT_DB_ALIAS].settings_dict
        try:
            with connections[OWNER].cursor() as cursor:
                separate(
                    cursor.connection, Login(application["USER"], application["PASSWORD"] or "")
                )
        except psycopg.Error as error:
            raise CommandError(
                f"The role {application['USER']} of DATABASE_URL can't be let in: {error} "
                "Make it with CREATE ROLE ... LOGIN, or let the owner make roles."
            ) from None
