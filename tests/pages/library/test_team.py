from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from imagestudio.accounts.models import Membership, Role, Team, User
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]


def test_it_shows_what_members_show(make_job: MakeJob, client_of: SignIn, bob: User) -> None:
    shown = make_job(state=State.SUCCEEDED, images=1, visibility="team", prompt="a shown fox")
    make_job(state=State.SUCCEEDED, images=1, prompt="a hidden fox")

    page = client_of(bob).get("/team/").content.decode()

    assert f'href="/images/{shown.images.get().pk}/"' in page
    assert "Alice" in page
    assert "a hidden fox" not in page


def test_it_refuses_other_methods(client_of: SignIn, alice: User) -> None:
    assert client_of(alice).post("/team/").status_code == 405


def test_a_stranger_sees_their_own_teams_wall(
    make_job: MakeJob, client_of: SignIn, carol: User
) -> None:
    make_job(state=State.SUCCEEDED, images=1, visibility="team")

    page = client_of(carol).get("/team/").content.decode()

    assert "Nothing shown to the team yet" in page


def test_it_follows_the_team_switch(
    make_job: MakeJob, client_of: SignIn, alice: User, bob: User, other_team: Team
) -> None:
    Membership.objects.create(user=bob, team=other_team, role=Role.MEMBER)
    make_job(state=State.SUCCEEDED, images=1, visibility="team", prompt="a fox of Redwood")
    client = client_of(bob)

    client.post("/teams/current/", {"team": str(other_team.pk)})
    there = client.get("/team/").content.decode()
    client.post("/teams/current/", {"team": str(alice.teams.get().pk)})
    here = client.get("/team/").content.decode()

    assert "a fox of Redwood" not in there
    assert "a fox of Redwood" in here


def test_somebody_without_a_team_sees_an_empty_wall(client_of: SignIn, sam: User) -> None:
    assert client_of(sam).get("/team/").status_code == 200


@pytest.mark.parametrize("count", [3, 30])
def test_it_asks_the_database_as_often_for_many_jobs_as_for_few(
    count: int,
    make_job: MakeJob,
    client_of: SignIn,
    bob: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        make_job(state=State.SUCCEEDED, images=2, visibility="team")
    client = client_of(bob)

    with django_assert_max_num_queries(7):
        client.get("/team/")
