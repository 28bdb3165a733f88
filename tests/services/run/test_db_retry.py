"""The database goes away at the worst moment; what a worker knows is not lost with it."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection
from psycopg_pool import PoolTimeout

from imagestudio.images_api.errors import Refused
from jobs.models import Attempt, Job
from jobs.services.run import db_retry
from jobs.services.run.db_retry import patiently
from jobs.services.run.settle import settle
from jobs.states import State
from tests.conftest import MakeJob

pytestmark = pytest.mark.django_db(transaction=True)


def failing(times: int, error: type[Exception]) -> Callable[[], int]:
    tries = iter(range(times + 1))

    def write() -> int:
        number = next(tries)
        if number < times:
            raise error
        return number

    return write


@pytest.mark.parametrize("error", [OperationalError, PoolTimeout])
def test_it_writes_until_it_is_written(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_retry, "PAUSE_S", 0)

    assert patiently(failing(3, error)) == 3


def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db_retry, "PATIENCE_S", 0)

    with pytest.raises(OperationalError):
        patiently(failing(2, OperationalError))


def test_it_is_no_cure_for_our_own_mistakes() -> None:
    with pytest.raises(ZeroDivisionError):
        patiently(failing(1, ZeroDivisionError))


def test_a_plain_refusal_stays_one_though_the_connection_was_cut(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    assert Attempt.objects.open(job.pk, job.fence)
    connection.cursor().execute("SET idle_session_timeout = '50ms'")
    time.sleep(0.2)

    patiently(lambda: settle(job, Refused("no", code="invalid_value", http_status=400)))

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "invalid_value")


def test_a_locked_row_is_waited_for(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    locked, let_go = threading.Event(), threading.Event()

    def hold_the_row() -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM jobs_job WHERE id = %s FOR UPDATE", [job.pk])
            locked.set()
            let_go.wait(10)
            cursor.execute("COMMIT")
        connection.close()

    neighbour = threading.Thread(target=hold_the_row)
    neighbour.start()
    locked.wait(10)
    connection.cursor().execute("SET lock_timeout = '100ms'")
    threading.Timer(0.4, let_go.set).start()
    moved = patiently(
        lambda: Job.objects.move(job.pk, State.RUNNING, State.FAILED, fence=job.fence)
    )
    neighbour.join()

    assert moved
