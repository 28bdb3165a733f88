"""What the application's own role can't do, whoever gets a statement past the application."""

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from imagestudio.accounts.models import Team, User
from imagestudio.audit.models import Entry
from imagestudio.audit.services import record
from tests.corpus.statements import FORBIDDEN, Statement

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("statement", FORBIDDEN, ids=lambda each: each.name)
def test_w09_it_is_refused(statement: Statement, alice: User, team: Team) -> None:
    record(alice, "test", team)

    with (
        pytest.raises(DatabaseError) as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.sql)

    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_w09_it_owns_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
            " WHERE r.rolname = current_user"
        )
        owned = cursor.fetchall()
        cursor.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        )
        powers = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole")
        memberships = cursor.fetchone()

    assert (owned, powers, memberships) == ([], (False,) * 5, (0,))


def test_w09_it_can_still_do_its_work(alice: User, team: Team) -> None:
    record(alice, "test", team)
    team.name = "Oak"
    team.save()
    team.delete()

    assert Entry.objects.count() == 1
