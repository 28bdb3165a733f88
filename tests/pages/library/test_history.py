import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.pages.library.gallery import PAGE_JOBS
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]


def tiles(page: str) -> int:
    return len(re.findall(r'<a class="tile ', page))


def older(page: str) -> str:
    found = re.search(r'<a class="button" href="([^"]+)"[^>]*>Older</a>', page)
    return found.group(1).replace("&amp;", "&") if found else ""


def test_it_shows_a_tile_for_every_picture_of_mine(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    make_job(state=State.SUCCEEDED, images=3)
    make_job(state=State.FAILED)

    page = client_of(alice).get("/history/").content.decode()

    assert tiles(page) == 4
    assert "Today" in page
    assert "badge--failed" in page


def test_it_refuses_other_methods(client_of: SignIn, alice: User) -> None:
    assert client_of(alice).post("/history/").status_code == 405


@pytest.mark.parametrize("who", ["bob", "carol"])
def test_nobody_else_sees_mine(
    who: str, request: pytest.FixtureRequest, make_job: MakeJob, client_of: SignIn
) -> None:
    make_job(state=State.SUCCEEDED, images=1, visibility="team")

    page = client_of(request.getfixturevalue(who)).get("/history/").content.decode()

    assert "No pictures yet" in page


def test_it_goes_on_where_the_page_before_ended(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    jobs = [make_job(state=State.CANCELLED, prompt=f"fox {n}") for n in range(PAGE_JOBS + 2)]
    client = client_of(alice)

    first = client.get("/history/").content.decode()
    second = client.get(older(first)).content.decode()

    assert tiles(first) == PAGE_JOBS
    assert tiles(second) == 2
    assert all(str(job.pk) in first + second for job in jobs)
    assert older(second) == ""


def test_a_new_job_moves_no_page(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    for _ in range(PAGE_JOBS + 1):
        make_job(state=State.CANCELLED)
    client = client_of(alice)
    link = older(client.get("/history/").content.decode())
    before = tiles(client.get(link).content.decode())

    make_job(state=State.CANCELLED)

    assert tiles(client.get(link).content.decode()) == before


def test_with_script_it_gives_the_next_tiles_alone_and_no_day_twice(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    for _ in range(PAGE_JOBS + 1):
        make_job(state=State.CANCELLED)
    client = client_of(alice)
    link = older(client.get("/history/").content.decode())

    page = client.get(link, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in page
    assert tiles(page) == 1
    assert "Today" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=HERON", 1),
        ("state=failed", 1),
        ("model=gpt-image-2", 1),
        ("q=fox&state=succeeded", 2),
        ("state=nonsense&model=nonsense&before=nonsense", 4),
    ],
)
def test_it_filters(
    query: str, found: int, make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    make_job(state=State.SUCCEEDED, images=1, prompt="a heron")
    make_job(state=State.SUCCEEDED, images=1, prompt="a fox")
    make_job(state=State.SUCCEEDED, images=1, prompt="a fox", model="gpt-image-2")
    make_job(state=State.FAILED, prompt="a fox")

    page = client_of(alice).get(f"/history/?{query}").content.decode()

    assert tiles(page) == found


def test_it_offers_the_way_out_when_nothing_matches(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    make_job()

    page = client_of(alice).get("/history/?q=zebra&state=failed").content.decode()

    assert "Nothing matches" in page
    assert 'href="/history/?state=failed"' in page  # The chip that drops the word.
    assert 'href="/history/?q=zebra"' in page


def test_the_way_to_older_ones_keeps_the_filter(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    for _ in range(PAGE_JOBS + 1):
        make_job(state=State.FAILED)

    page = client_of(alice).get("/history/?state=failed").content.decode()

    assert "state=failed" in older(page)


@pytest.mark.parametrize("count", [3, 30])
def test_it_asks_the_database_as_often_for_many_jobs_as_for_few(
    count: int,
    make_job: MakeJob,
    client_of: SignIn,
    alice: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        make_job(state=State.SUCCEEDED, images=2)
    client = client_of(alice)

    with django_assert_max_num_queries(7):
        client.get("/history/")

    assert Job.objects.count() == count
