"""Loops go on whatever a step raises, and say in the log which of them it was."""

from __future__ import annotations

import asyncio
import logging
import threading

import psycopg
import pytest
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from psycopg_pool import PoolTimeout
from redis.exceptions import ReadOnlyError, ResponseError

from imagestudio.web.loops import AsyncLoop, every, keep_doing, keep_doing_aside

BAD = [OperationalError("no route\nto the host"), ZeroDivisionError("a mistake"), OSError("full")]


class Step:
    """Raises what it is given, one after the other, and then goes well."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.done = 0
        self.went_well = threading.Event()

    def __call__(self) -> None:
        if self._errors:
            raise self._errors.pop(0)
        self.done += 1
        self.went_well.set()

    async def later(self) -> None:
        self()


def test_nothing_that_a_step_raises_ends_it() -> None:
    step = Step(*BAD)

    keep_doing("fox", step, range(5))

    assert step.done == 2


def test_it_says_its_name_and_shows_where_only_for_the_unforeseen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    keep_doing("fox", Step(*BAD), range(5))

    away, mistake, full = caplog.records
    assert away.getMessage() == "the loop 'fox' goes on after OperationalError: no route"
    assert (away.levelno, away.exc_info) == (logging.WARNING, None)
    assert (mistake.levelno, "fox" in mistake.getMessage()) == (logging.ERROR, True)
    assert mistake.exc_info is not None
    assert full.getMessage() == "the loop 'fox' goes on after OSError: full"


@pytest.mark.parametrize(
    "mistake",
    [
        ProgrammingError("no such column"),
        IntegrityError("twice"),
        DataError("too long"),
        psycopg.ProgrammingError("no such column"),
        InternalError("the transaction is aborted"),
        ResponseError("wrong kind of value"),
        FileNotFoundError("no such file"),
    ],
    ids=lambda mistake: type(mistake).__qualname__,
)
def test_it_shows_where_a_mistake_of_ours_was_made(
    mistake: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    keep_doing("fox", Step(mistake), range(2))

    [record] = caplog.records
    assert (record.levelno, record.exc_info is not None) == (logging.ERROR, True)


OUTAGES = [
    InterfaceError("the connection is closed"),
    PoolTimeout("no place in the pool"),
    psycopg.OperationalError("the server closed the connection"),
    ReadOnlyError("a copy"),
    ConnectionResetError("by peer"),
]


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: type(outage).__qualname__)
def test_an_outage_is_worth_one_line(outage: Exception, caplog: pytest.LogCaptureFixture) -> None:
    keep_doing("fox", Step(outage), range(2))

    [record] = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_only_reads_is_an_outage_too(caplog: pytest.LogCaptureFixture) -> None:
    def write() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute("UPDATE jobs_job SET attempt = attempt")

    keep_doing("fox", write, range(1))

    [record] = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)


def test_a_stop_ends_it() -> None:
    stop, step = threading.Event(), Step()
    thread = keep_doing_aside("fox", step, every(60, stop))
    assert step.went_well.wait(10)

    stop.set()

    thread.join(10)
    assert (thread.is_alive(), thread.name, thread.daemon) == (False, "fox", True)
    assert step.done == 1


def test_it_may_wait_before_the_first_time() -> None:
    stop, step = threading.Event(), Step()
    thread = keep_doing_aside("fox", step, every(60, stop, at_once=False))

    assert not step.went_well.wait(0.1)

    stop.set()
    thread.join(10)
    assert step.done == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", [False, True])
def test_a_thread_keeps_no_connection_between_two_steps(fails: bool) -> None:
    held: list[bool] = []

    def ask() -> None:
        held.append(connection.connection is not None)
        connection.ensure_connection()
        if fails:
            raise OSError("full")

    keep_doing_aside("fox", ask, range(3)).join(10)

    assert held == [False] * 3


@pytest.mark.django_db(transaction=True)
def test_after_a_failure_the_next_time_gets_a_connection_that_works() -> None:
    def die_once() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            answers.append(cursor.fetchone())

    answers: list[object] = []
    steps = iter([die_once, ask])
    keep_doing("fox", lambda: next(steps)(), range(2))

    assert answers == [(1,)]


async def wait_for(step: Step, times: int) -> None:
    async with asyncio.timeout(10):
        while step.done < times:
            await asyncio.sleep(0.001)


def test_a_task_goes_on_too(caplog: pytest.LogCaptureFixture) -> None:
    step = Step(*BAD)

    async def live() -> None:
        loop = AsyncLoop("fox", step.later, lambda: 0.001)
        loop.start()
        loop.start()  # It is one all the same.
        await wait_for(step, 3)
        await loop.stop()
        done = step.done
        await asyncio.sleep(0.02)
        assert step.done == done
        loop.start()  # As after a break.
        await wait_for(step, done + 1)
        await loop.stop()
        await loop.stop()

    asyncio.run(live())

    assert len(caplog.records) == len(BAD)
    assert all("'fox'" in record.getMessage() for record in caplog.records)


def test_a_task_ends_though_its_step_swallows_being_cancelled() -> None:
    swallowed: list[int] = []

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            swallowed.append(1)

    async def live() -> None:
        loop = AsyncLoop("fox", stubborn, lambda: 60.0)
        loop.start()
        await asyncio.sleep(0.01)
        async with asyncio.timeout(10):
            await loop.stop()

    asyncio.run(live())

    assert swallowed == [1]
