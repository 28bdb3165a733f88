"""Partial pictures in the card while a job runs: seen through the poll, gone at the end."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.pages.job import cards
from jobs.services.pictures import previews
from jobs.states import State
from tests.conftest import MakeJob, png

SignIn = Callable[[User], Client]


@pytest.fixture
def job(make_job: MakeJob, tmp_path: Path) -> Job:
    """Running, with one partial picture shown so far."""
    job = make_job(state=State.RUNNING)
    partial = tmp_path / "partial.png"
    partial.write_bytes(png(64, 48))
    previews.show(job, partial)
    job.refresh_from_db()
    return job


def test_the_card_shows_the_newest_one(job: Job) -> None:
    [slot] = cards.slots(job)

    assert slot.kind == "developing"
    assert slot.preview_url == f"/jobs/{job.pk}/preview/1"


def test_it_is_served_to_its_owner(job: Job, alice: User, client_of: SignIn) -> None:
    response = client_of(alice).get(f"/jobs/{job.pk}/preview/1")

    assert response.status_code == 200
    assert response.content[8:12] == b"WEBP"


def test_strangers_and_team_mates_see_none(
    job: Job, bob: User, carol: User, client_of: SignIn
) -> None:
    for user in (bob, carol):
        assert client_of(user).get(f"/jobs/{job.pk}/preview/1").status_code == 404


def test_it_is_a_change_that_the_poll_tells(job: Job, alice: User, client_of: SignIn) -> None:
    page = client_of(alice).get("/jobs/updates").content.decode()

    assert f'src="/jobs/{job.pk}/preview/1"' in page


def test_nothing_of_it_stays_when_the_job_ends(job: Job, alice: User, client_of: SignIn) -> None:
    Job.objects.move(job.pk, State.RUNNING, State.FAILED, fence=job.fence)
    job.refresh_from_db()

    assert client_of(alice).get(f"/jobs/{job.pk}/preview/1").status_code == 404
    assert cards.slots(job) == ()
