import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from imagestudio.accounts.models import Team, User
from imagestudio.audit.models import Entry
from imagestudio.audit.services import broken_entries, record


@pytest.fixture
def three_entries(alice: User, team: Team) -> list[Entry]:
    return [record(alice, f"test.{number}", team, {"number": number}) for number in range(3)]


def rewrite(entry: Entry, **fields: object) -> None:
    """What somebody with the keys to the database might do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        Entry.objects.filter(pk=entry.pk).update(**fields)
        cursor.execute("SET session_replication_role = DEFAULT")


def test_it_chains_its_entries(three_entries: list[Entry]) -> None:
    assert three_entries[2].previous_hash == three_entries[1].hash
    assert list(broken_entries()) == []


def test_it_refuses_to_change_an_entry(three_entries: list[Entry]) -> None:
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        Entry.objects.filter(pk=three_entries[0].pk).update(verb="nothing")


def test_it_refuses_to_delete_an_entry(three_entries: list[Entry]) -> None:
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        three_entries[0].delete()


def test_it_refuses_to_be_emptied(db: None) -> None:
    with connection.cursor() as cursor, transaction.atomic():
        # The tests' database has this trigger switched off, see conftest.
        cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER ALL")
        with pytest.raises(DatabaseError, match="truncate"):
            cursor.execute("TRUNCATE audit_entry")
        transaction.set_rollback(True)


def test_it_names_the_entry_that_was_rewritten(three_entries: list[Entry]) -> None:
    rewrite(three_entries[1], verb="something.else")

    assert list(broken_entries()) == [three_entries[1]]


def test_it_notices_an_entry_that_is_gone(three_entries: list[Entry]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        three_entries[1].delete()
        cursor.execute("SET session_replication_role = DEFAULT")

    assert list(broken_entries()) == [three_entries[2]]


def test_the_command_fails_when_the_chain_is_broken(three_entries: list[Entry]) -> None:
    rewrite(three_entries[0], details={"number": 7})

    with pytest.raises(CommandError, match="1 of 3"):
        call_command("verify_audit")


def test_what_is_rolled_back_was_never_recorded(alice: User, team: Team) -> None:
    with transaction.atomic():
        record(alice, "test", team)
        transaction.set_rollback(True)

    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_writers_make_one_chain(alice: User, team: Team) -> None:
    barrier = threading.Barrier(4)

    def write() -> None:
        barrier.wait()
        for _ in range(5):
            record(alice, "test", team)
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Entry.objects.count() == 20
    assert list(broken_entries()) == []
