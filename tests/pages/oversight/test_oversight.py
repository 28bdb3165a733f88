import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from imagestudio.accounts.models import User
from jobs.models import Attempt, Job
from jobs.pages.oversight.overview import PAGE_JOBS
from jobs.states import Outcome, State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]


def pay(job: Job, cost_microusd: int) -> None:
    Attempt.objects.create(
        job=job,
        fence=1,
        number=1,
        provider="sandbox",
        outcome=Outcome.ANSWERED,
        sent_at=Now(),
        cost_microusd=cost_microusd,
    )


def figures(page: str) -> dict[str, str]:
    return dict(re.findall(r'<div class="figure"><dt>([^<]+)</dt><dd>(.+?)</dd>', page))


def test_it_adds_up_what_members_made(
    make_job: MakeJob, client_of: SignIn, dana: User, bob: User
) -> None:
    pay(make_job(state=State.SUCCEEDED, images=2, cost_microusd=1_200_000), 1_200_000)
    pay(make_job(bob, state=State.SUCCEEDED, images=1, cost_microusd=300_000), 300_000)
    make_job(bob, state=State.FAILED)

    page = client_of(dana).get("/oversight/").content.decode()

    assert figures(page) == {
        "Spend": "$1.50",
        "Pictures": "3",
        "Jobs": "3",
        "Failed": "1",
        "Outcome unknown": "0",
    }
    assert page.index("alice@redwood.example") < page.index("bob@redwood.example")


def test_it_says_how_many_costs_are_not_in_the_sum(
    make_job: MakeJob, client_of: SignIn, dana: User
) -> None:
    pay(make_job(state=State.SUCCEEDED, images=1, cost_microusd=300_000), 300_000)
    make_job(state=State.HELD, may_be_billed=True)

    page = client_of(dana).get("/oversight/").content.decode()

    assert figures(page)["Spend"].startswith("$0.300<")
    assert "and 1 of unknown cost" in figures(page)["Spend"]


def test_it_hides_private_prompts_and_shows_shown_ones(
    make_job: MakeJob, client_of: SignIn, dana: User
) -> None:
    make_job(prompt="a private fox", state=State.SUCCEEDED, images=1)
    make_job(prompt="a shown fox", visibility="team", state=State.SUCCEEDED, images=1)

    page = client_of(dana).get("/oversight/").content.decode()

    assert "a private fox" not in page
    assert "a shown fox" in page
    assert page.count("asks for a reason") == 1


def test_a_superuser_in_no_team_sees_no_prompts(
    make_job: MakeJob, client_of: SignIn, sam: User
) -> None:
    make_job(prompt="a shown fox", visibility="team")

    page = client_of(sam).get("/oversight/").content.decode()

    assert figures(page)["Jobs"] == "1"
    assert "a shown fox" not in page


def test_it_counts_this_month_unless_asked_for_all(
    make_job: MakeJob, client_of: SignIn, dana: User
) -> None:
    make_job(created_at=timezone.now() - timedelta(days=70))
    client = client_of(dana)

    assert figures(client.get("/oversight/").content.decode())["Jobs"] == "0"
    assert figures(client.get("/oversight/?period=all").content.decode())["Jobs"] == "1"


def test_an_unknown_cost_is_told_from_none(
    make_job: MakeJob, client_of: SignIn, dana: User
) -> None:
    make_job(state=State.SUCCEEDED, images=1)
    make_job(state=State.QUEUED)

    page = client_of(dana).get("/oversight/").content.decode()

    assert page.count('class="table__number">cost unknown') == 1


def test_it_goes_on_where_the_page_before_ended(
    make_job: MakeJob, client_of: SignIn, dana: User
) -> None:
    for _ in range(PAGE_JOBS + 1):
        make_job()
    client = client_of(dana)
    first = client.get("/oversight/").content.decode()
    link = re.search(r'href="(/oversight/\?before=[^"]+)"', first)
    assert link

    second = client.get(link.group(1)).content.decode()

    assert first.count('data-label="When"') == PAGE_JOBS
    assert second.count('data-label="When"') == 1


def test_it_refuses_other_methods(client_of: SignIn, dana: User) -> None:
    assert client_of(dana).post("/oversight/").status_code == 405


@pytest.mark.parametrize("who", ["alice", "bob", "vera", "carol"])
def test_there_is_nothing_for_those_who_oversee_no_team(
    who: str, request: pytest.FixtureRequest, client_of: SignIn
) -> None:
    client = client_of(request.getfixturevalue(who))

    assert client.get("/oversight/").status_code == 404
    assert "Oversight" not in client.get("/").content.decode()


@pytest.mark.parametrize("count", [3, 30])
def test_it_asks_the_database_as_often_for_many_jobs_as_for_few(
    count: int,
    make_job: MakeJob,
    client_of: SignIn,
    dana: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        make_job(state=State.SUCCEEDED, images=2)
    client = client_of(dana)

    with django_assert_max_num_queries(15):
        client.get("/oversight/")
