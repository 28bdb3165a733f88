"""Keys for programs, and a worker that does what they ask for."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from imagestudio.accounts.models import Team, User
from jobs.models import Job
from jobs.services import keys
from jobs.services.keys import Made, Terms
from jobs.services.run import run
from jobs.states import State
from tests.gateway.asgi import Exchange, Meanwhile, Program
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
    """Made as a person makes it: on the page."""
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
