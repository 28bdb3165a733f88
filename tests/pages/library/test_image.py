from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from imagestudio.accounts.models import User
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]


def test_it_shows_the_picture_and_what_was_asked(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1, size="1536x1024", cost_microusd=53_000)
    image = job.images.get()

    page = client_of(alice).get(f"/images/{image.pk}/").content.decode()

    assert 'alt="a red fox in the snow"' in page
    assert f'href="/images/{image.pk}/original?download"' in page
    assert "asked for 1536" in page  # The test's picture is 64 by 48.
    assert "$0.053" in page


def test_it_leads_to_its_neighbours(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    first, second, third = make_job(state=State.SUCCEEDED, images=3).images.all()

    page = client_of(alice).get(f"/images/{second.pk}/").content.decode()

    assert f'rel="prev" href="/images/{first.pk}/"' in page
    assert f'rel="next" href="/images/{third.pk}/"' in page
    assert "2 of 3" in page


def test_a_picture_alone_has_no_neighbours(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()

    page = client_of(alice).get(f"/images/{image.pk}/").content.decode()

    assert "rel=" not in page.partition("</head>")[2]


def test_it_refuses_other_methods(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()

    assert client_of(alice).post(f"/images/{image.pk}/").status_code == 405


def test_a_teammate_sees_a_shown_picture_and_why(
    make_job: MakeJob, client_of: SignIn, bob: User
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1, visibility="team").images.get()

    page = client_of(bob).get(f"/images/{image.pk}/").content.decode()

    assert "Everyone in Redwood, because Alice showed it to the team." in page


@pytest.mark.parametrize(("who", "visibility"), [("bob", "private"), ("carol", "team")])
def test_a_stranger_finds_nothing(
    who: str,
    visibility: str,
    request: pytest.FixtureRequest,
    make_job: MakeJob,
    client_of: SignIn,
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1, visibility=visibility).images.get()

    response = client_of(request.getfixturevalue(who)).get(f"/images/{image.pk}/")

    assert response.status_code == 404


@pytest.mark.parametrize("images", [1, 10])
def test_it_asks_the_database_as_often_for_many_neighbours_as_for_none(
    images: int,
    make_job: MakeJob,
    client_of: SignIn,
    alice: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    image = make_job(state=State.SUCCEEDED, images=images).images.first()
    assert image
    client = client_of(alice)

    with django_assert_max_num_queries(8):
        client.get(f"/images/{image.pk}/")
