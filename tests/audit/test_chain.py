"""The log only grows, and what was changed in it or cut off it shows."""

import threading
from collections.abc import Callable

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from imagestudio.accounts.models import Team, User
from imagestudio.audit import anchors
from imagestudio.audit.models import Entry
from imagestudio.audit.services import broken_entries, record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def three_entries(alice: User, team: Team) -> list[Entry]:
    return [record(alice, f"test.{number}", team, {"number": number}) for number in range(3)]


@pytest.fixture
def tamper(owner: psycopg.Connection) -> Callable[[str, object], None]:
    """What somebody with the keys to the database might do."""

    def execute(statement: str, value: object) -> None:
        owner.execute("SET session_replication_role = replica")
        owner.execute(statement.encode(), [value])

    return execute


Tamper = Callable[[str, object], None]
DELETE = "DELETE FROM audit_entry WHERE id = %s"


def test_it_chains_its_entries(three_entries: list[Entry]) -> None:
    assert three_entries[2].previous_hash == three_entries[1].hash
    assert list(broken_entries()) == []


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE audit_entry SET verb = 'nothing'", "Cannot update or delete"),
        ("DELETE FROM audit_entry", "Cannot update or delete"),
        ("TRUNCATE audit_entry", "Cannot truncate"),
    ],
)
def test_it_refuses_its_owner_too(
    three_entries: list[Entry], owner: psycopg.Connection, statement: str, refusal: str
) -> None:
    # The tests' database has one of these switched off, see conftest.
    enabled = b"ALTER TABLE audit_entry ENABLE TRIGGER ALL; "

    with pytest.raises(psycopg.DatabaseError, match=refusal):
        owner.execute(enabled + statement.encode())

    assert Entry.objects.count() == 3


def test_it_names_the_entry_that_was_rewritten(three_entries: list[Entry], tamper: Tamper) -> None:
    tamper("UPDATE audit_entry SET verb = 'something' WHERE id = %s", three_entries[1].pk)

    assert list(broken_entries()) == [three_entries[1]]


def test_it_notices_an_entry_that_is_gone(three_entries: list[Entry], tamper: Tamper) -> None:
    tamper(DELETE, three_entries[1].pk)

    assert list(broken_entries()) == [three_entries[2]]


def test_the_command_fails_when_the_chain_is_broken(
    three_entries: list[Entry], tamper: Tamper
) -> None:
    tamper("UPDATE audit_entry SET details = '{}' WHERE id = %s", three_entries[0].pk)

    with pytest.raises(CommandError, match="1 of 3"):
        call_command("verify_audit")


def test_w09_it_notices_that_its_end_was_cut_off(
    three_entries: list[Entry], tamper: Tamper, capsys: pytest.CaptureFixture[str]
) -> None:
    anchors.drop()
    tamper(DELETE, three_entries[2].pk)

    assert list(broken_entries()) == []  # The chain alone can't tell.
    with pytest.raises(CommandError, match="1 anchors no longer fit"):
        call_command("verify_audit")
    assert "there were 3 entries" in capsys.readouterr().err


def test_w09_it_notices_that_the_whole_log_was_emptied(
    three_entries: list[Entry], tamper: Tamper
) -> None:
    anchors.drop()
    tamper("DELETE FROM audit_entry WHERE id > %s", 0)

    assert len(list(anchors.problems())) == 1


def test_w09_it_notices_an_end_that_was_made_up_instead(
    three_entries: list[Entry], tamper: Tamper, alice: User, team: Team
) -> None:
    anchors.drop()
    tamper(DELETE, three_entries[2].pk)
    record(alice, "test.harmless", team)

    assert list(broken_entries()) == []
    assert "is gone" in next(anchors.problems())


def test_w09_it_believes_no_anchor_that_another_signed(three_entries: list[Entry]) -> None:
    forged = ContentFile(b'{"entry": 1, "count": 1}:made-up')
    default_storage.save(f"{anchors.FOLDER}/2026-11-29/000000000001-x", forged)

    assert "was not signed" in next(anchors.problems())


def test_w09_it_is_content_with_a_log_that_grew(
    three_entries: list[Entry], alice: User, team: Team
) -> None:
    anchors.drop()
    record(alice, "test.more", team)
    anchors.drop()
    anchors.drop()

    call_command("verify_audit")

    assert list(anchors.problems()) == []
    [day] = default_storage.listdir(anchors.FOLDER)[0]
    assert len(default_storage.listdir(f"{anchors.FOLDER}/{day}")[1]) == 1  # One a day stays.


def test_what_is_rolled_back_was_never_recorded(alice: User, team: Team) -> None:
    with transaction.atomic():
        record(alice, "test", team)
        transaction.set_rollback(True)

    assert not Entry.objects.exists()


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
