from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]
LATER = "9999999999999999"


def test_it_gives_the_cards_that_are_not_finished(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(state=State.RUNNING)

    response = client_of(alice).get(f"/jobs/updates?since={LATER}")

    assert f'id="job-{job.pk}" data-state="running"' in response.content.decode()
    assert response["Cache-Control"] == "private, no-cache"
    assert response["ETag"]


def test_it_gives_what_changed_since_the_cursor(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1)
    client = client_of(alice)

    before = client.get("/jobs/updates?since=0")
    after = client.get(f"/jobs/updates?since={int(before['X-Cursor']) + 60_000_000}")

    assert str(job.pk) in before.content.decode()
    assert str(job.pk) not in after.content.decode()


def test_it_looks_back_a_little_for_late_commits(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1)
    client = client_of(alice)
    cursor = client.get("/jobs/updates?since=0")["X-Cursor"]

    assert str(job.pk) in client.get(f"/jobs/updates?since={cursor}").content.decode()


def test_it_says_304_while_nothing_changes(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    make_job(state=State.RUNNING)
    client = client_of(alice)
    etag = client.get("/jobs/updates?since=0")["ETag"]

    response = client.get("/jobs/updates?since=0", headers={"If-None-Match": etag})

    assert response.status_code == 304
    assert response["X-Cursor"]


def test_a_change_makes_another_etag(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    job = make_job(state=State.RUNNING)
    client = client_of(alice)
    etag = client.get("/jobs/updates?since=0")["ETag"]

    Job.objects.move(job.pk, State.RUNNING, State.FAILED, fence=job.fence)

    response = client.get("/jobs/updates?since=0", headers={"If-None-Match": etag})
    assert response.status_code == 200
    assert 'data-state="failed"' in response.content.decode()


@pytest.mark.parametrize("since", ["", "yesterday", "-1", "9" * 40])
def test_a_senseless_cursor_gives_what_is_unfinished(
    since: str, make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job()

    response = client_of(alice).get("/jobs/updates", {"since": since})

    assert response.status_code == 200
    assert str(job.pk) in response.content.decode()


def test_it_refuses_other_methods(client_of: SignIn, alice: User) -> None:
    assert client_of(alice).post("/jobs/updates").status_code == 405


def test_a_teammate_follows_a_shown_job_only_when_it_is_open(
    make_job: MakeJob, client_of: SignIn, bob: User
) -> None:
    job = make_job(state=State.RUNNING, visibility="team")
    client = client_of(bob)

    assert str(job.pk) not in client.get("/jobs/updates?since=0").content.decode()
    assert str(job.pk) in client.get(f"/jobs/updates?since=0&job={job.pk}").content.decode()


@pytest.mark.parametrize("who", ["bob", "carol", "dana"])
def test_nobody_else_follows_a_private_job(
    who: str, request: pytest.FixtureRequest, make_job: MakeJob, client_of: SignIn
) -> None:
    job = make_job(state=State.RUNNING)
    client = client_of(request.getfixturevalue(who))

    assert str(job.pk) not in client.get(f"/jobs/updates?since=0&job={job.pk}").content.decode()


@pytest.mark.parametrize("count", [3, 30])
def test_it_asks_the_database_as_often_for_many_jobs_as_for_few(
    count: int,
    make_job: MakeJob,
    client_of: SignIn,
    alice: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        make_job(state=State.RUNNING)
    client = client_of(alice)

    with django_assert_max_num_queries(5):
        client.get("/jobs/updates?since=0")
