"""What it looks like when the database is away, and when its connection goes back to the pool."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import DatabaseError, InterfaceError, InternalError, connection, transaction
from psycopg_pool import PoolTimeout

from imagestudio.fsync import sync_folder
from imagestudio.web import database
from imagestudio.web.errors import is_away

pytestmark = pytest.mark.django_db(transaction=True)


def error_of(*statements: str) -> Exception:
    """What the database says to the last of these statements."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except DatabaseError as error:
        return error
    finally:
        connection.close()
    raise AssertionError("it was carried out")


def test_a_server_that_only_reads_is_away_and_not_gone() -> None:
    error = error_of("SET TRANSACTION READ ONLY", "CREATE TABLE fox (id int)")

    assert isinstance(error, InternalError)
    assert isinstance(error, database.AWAY)
    assert not isinstance(error, database.UNREACHABLE)
    assert (is_away(error), database.is_gone(error)) == (True, False)


def test_a_backend_that_was_ended_is_gone() -> None:
    error = error_of("SELECT pg_terminate_backend(pg_backend_pid())")

    assert isinstance(error, database.UNREACHABLE)
    assert (is_away(error), database.is_gone(error)) == (True, True)


def test_a_lock_that_is_waited_for_too_long_is_no_server_that_is_gone() -> None:
    error = error_of("SET LOCAL statement_timeout = '20ms'", "SELECT pg_sleep(5)")

    assert isinstance(error, database.AWAY)
    assert not database.is_gone(error)


def test_our_own_mistake_is_neither() -> None:
    error = error_of("SELECT nothing FROM nowhere")

    assert isinstance(error, database.FAILED)
    assert not isinstance(error, database.AWAY)
    assert (is_away(error), database.is_gone(error)) == (False, False)


@pytest.mark.parametrize("error", [PoolTimeout(), InterfaceError()])
def test_without_a_connection_it_is_gone(error: Exception) -> None:
    assert isinstance(error, database.AWAY)
    assert isinstance(error, database.FAILED)
    assert (is_away(error), database.is_gone(error)) == (True, True)


def test_an_internal_error_of_another_kind_is_a_fault_of_ours_for_a_page() -> None:
    assert not is_away(InternalError("current transaction is aborted"))


def test_a_connection_is_given_back() -> None:
    connection.ensure_connection()

    database.release_connection()

    assert connection.connection is None


def test_inside_a_transaction_it_is_kept() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL application_name = 'fox'")

        database.release_connection()

        with connection.cursor() as cursor:
            cursor.execute("SHOW application_name")
            assert cursor.fetchone() == ("fox",)


def test_a_folder_is_synced_and_leaves_no_descriptor(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))

    sync_folder(tmp_path)

    assert len(list(Path("/proc/self/fd").iterdir())) == before
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "nowhere")
