"""Keys for programs, and a worker that does what they ask for."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from imagestudio.accounts.models import Team, User
from jobs.models import Job
from jobs.services.programs import keys
from jobs.services.programs.keys import Made, Terms
from jobs.services.run.worker import run
from jobs.states import State
from tests.gateway.asgi import Exchange, Meanwhile, Program
from tests.gateway.wire import Wire
from tests.studio import RunningStudio

Work = Callable[[UUID], object]


@pytest.fixture
def made(alice: User, team: Team) -> Made:
    return keys.create(alice, team, Terms(name="nightly script"))


@pytest.fixture
def program(made: Made) -> Program:
    return Program(made.secret)


@pytest.fixture
def worker() -> Meanwhile:
    """Takes the next job and carries it out with the real code, like a worker would."""
    return doing(run)


@pytest.fixture(scope="session")
def secret(studio: RunningStudio) -> str:
    return make_secret(studio)


def make_secret(studio: RunningStudio) -> str:
    """As a person makes a key: on the page."""
    visitor = studio.visitor().sign_in()
    fields: Any = {
        "name": "tests",
        "scopes": ["generate", "edit", "read"],
        "lifetime": "",
        "requests_per_minute": "10000",
    }
    answer = visitor.post("/keys/new/", visitor.get("/keys/"), **fields)
    found = re.search(r"ist_m[0-9A-Za-z]{49}", answer.text)
    assert found, answer.text[:500]
    return found.group()


@pytest.fixture
def wire(transactional_db: None) -> Iterator[Wire]:
    """What leads to the database from now on."""
    address: Any = connection.settings_dict
    kept = {name: address[name] for name in ("HOST", "PORT")}
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    with Wire(kept["HOST"] or "127.0.0.1", int(kept["PORT"])) as wire:
        address |= {"HOST": "127.0.0.1", "PORT": wire.port}
        connection.pool.timeout = 0.5  # type: ignore[attr-defined]
        yield wire
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        address |= kept


async def hang_up(exchange: Exchange) -> None:
    """Go away once the job is ordered."""
    while not await asyncio.to_thread(_is_ordered):
        await asyncio.sleep(0.01)
    exchange.hang_up()


def _is_ordered() -> bool:
    try:
        return Job.objects.exists()
    finally:
        connection.close()


def leave_one_behind(program: Program) -> None:
    with pytest.raises(IndexError):  # Nothing was sent to nobody.
        program.together([program.generation()], hang_up)


def doing(work: Work) -> Meanwhile:
    """Wait for a job in the queue, then do this with it."""

    async def go(exchange: Exchange) -> None:
        await asyncio.to_thread(_on_next_job, work)

    return go


def _on_next_job(work: Work) -> None:
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            job = Job.objects.filter(state=State.QUEUED).first()
            if job is not None:
                work(job.pk)
                return
            time.sleep(0.01)
        raise AssertionError("no job came into the queue")
    finally:
        connection.close()
