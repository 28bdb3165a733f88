from collections.abc import Callable

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Job
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [("private", "team", "Shown to the team."), ("team", "private", "Only you see it now.")],
)
def test_it_switches_and_says_so(
    before: str, after: str, said: str, make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(visibility=before)

    response = client_of(alice).post(
        f"/jobs/{job.pk}/visibility/", {"visibility": after}, follow=True
    )

    assert Job.objects.get().visibility == after
    assert said in response.content.decode()


def test_it_ignores_a_word_that_it_does_not_know(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job()

    client_of(alice).post(f"/jobs/{job.pk}/visibility/", {"visibility": "world"})

    assert Job.objects.get().visibility == "private"


def test_it_refuses_other_methods(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    assert client_of(alice).get(f"/jobs/{make_job().pk}/visibility/").status_code == 405


@pytest.mark.parametrize("who", ["bob", "carol", "dana"])
def test_nobody_else_takes_it_back(
    who: str, request: pytest.FixtureRequest, make_job: MakeJob, client_of: SignIn
) -> None:
    job = make_job(visibility="team")
    client = client_of(request.getfixturevalue(who))

    response = client.post(f"/jobs/{job.pk}/visibility/", {"visibility": "private"})

    assert response.status_code == 404
    assert Job.objects.get().visibility == "team"
