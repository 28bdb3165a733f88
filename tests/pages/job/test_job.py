from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from imagestudio.accounts.models import User
from jobs.models import Attempt, Job
from jobs.services.run.worker import run
from jobs.states import Outcome, State
from tests.conftest import MakeJob
from tests.corpus.refusals import FLAGGED
from tests.upstream import ScriptedUpstream, reply

SignIn = Callable[[User], Client]


def test_it_tells_all_about_my_job(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    job = make_job(state=State.SUCCEEDED, images=2, cost_microusd=53_000)

    page = client_of(alice).get(f"/jobs/{job.pk}/").content.decode()

    assert page.count('alt="a red fox in the snow') == 2
    assert "$0.053" in page
    assert "&quot;prompt&quot;: &quot;a red fox in the snow&quot;" in page
    assert "Only you. Admins of Redwood can look" in page
    assert "Read by the service" not in page, "A line without a value tells nothing."


def test_it_tells_the_story_of_its_moves(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    job = make_job()
    Job.objects.move(job.pk, State.QUEUED, State.CANCELLED, fence=None, decided_by=alice)

    page = client_of(alice).get(f"/jobs/{job.pk}/").content.decode()

    assert page.index('timeline__what">Accepted') < page.index('timeline__what">Cancelled')
    assert "by Alice" in page


def test_it_says_in_words_that_the_answer_was_no_picture(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(state=State.RUNNING, fence=1)
    Job.objects.move(job.pk, State.RUNNING, State.FAILED, fence=1, error_code="bad_answer")

    page = client_of(alice).get(f"/jobs/{job.pk}/").content.decode()

    assert "the answer was no picture" in page
    assert "bad answer" not in page


def test_it_tells_of_every_call(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    job = make_job(state=State.FAILED)
    Attempt.objects.create(
        job=job,
        fence=1,
        number=1,
        provider="sandbox",
        outcome=Outcome.REJECTED,
        sent_at=Now() - timedelta(seconds=3),
        http_status=503,
        upstream_request_id="req_1",
        error_message="<overloaded>",
    )

    page = client_of(alice).get(f"/jobs/{job.pk}/").content.decode()

    assert "Call 1: Turned away" in page
    assert "HTTP 503" in page
    assert "req_1" in page
    assert "&lt;overloaded&gt;" in page


def test_it_refuses_other_methods(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    assert client_of(alice).post(f"/jobs/{make_job().pk}/").status_code == 405


def test_a_teammate_sees_a_shown_job_and_decides_nothing(
    make_job: MakeJob, client_of: SignIn, bob: User
) -> None:
    job = make_job(state=State.HELD, visibility="team")

    page = client_of(bob).get(f"/jobs/{job.pk}/").content.decode()

    assert "Everyone in Redwood, because Alice showed it to the team." in page
    assert "Try again" not in page
    assert 'aria-label="Visibility"' not in page


@pytest.mark.parametrize(("who", "visibility"), [("bob", "private"), ("carol", "team")])
def test_a_stranger_finds_nothing(
    who: str,
    visibility: str,
    request: pytest.FixtureRequest,
    make_job: MakeJob,
    client_of: SignIn,
) -> None:
    job = make_job(visibility=visibility)

    response = client_of(request.getfixturevalue(who)).get(f"/jobs/{job.pk}/")

    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


@pytest.mark.parametrize("images", [1, 10])
def test_it_asks_the_database_as_often_for_many_pictures_as_for_one(
    images: int,
    make_job: MakeJob,
    client_of: SignIn,
    alice: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    job = make_job(state=State.SUCCEEDED, images=images)
    client = client_of(alice)

    with django_assert_max_num_queries(10):
        client.get(f"/jobs/{job.pk}/")


def test_field_f09_it_says_why_it_was_refused_and_the_id_that_support_asks_for(
    client_of: Callable[[User], Client],
    alice: User,
    make_job: MakeJob,
    upstream: ScriptedUpstream,
) -> None:
    job = make_job()
    upstream.script(reply(FLAGGED, 400, {"x-request-id": "req_7"}))

    run(job.pk)

    page = client_of(alice).get(f"/jobs/{job.pk}/").content.decode()
    assert "sexual, violence" in page
    assert "Request id: req_7." in page
    assert "Nothing was spent" in page
