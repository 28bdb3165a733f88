"""Pictures that came after their job had ended, and pictures that never came."""

from collections.abc import Callable

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Job, LateResult
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]


@pytest.fixture
def late(make_job: MakeJob) -> LateResult:
    return LateResult.objects.create(job=make_job(state=State.CANCELLED), fence=1)


def test_a_late_picture_is_offered_on_every_page_and_on_its_card(
    late: LateResult, alice: User, client_of: SignIn
) -> None:
    client = client_of(alice)

    history = client.get("/history/").content.decode()
    card = client.get(f"/jobs/{late.job_id}/").content.decode()

    assert f'href="/jobs/{late.job_id}/">Look at' in history
    assert "Show what arrived late" in card


def test_nobody_else_hears_of_it(late: LateResult, bob: User, client_of: SignIn) -> None:
    assert "arrived after" not in client_of(bob).get("/history/").content.decode()


def test_taking_it_leads_to_the_job_that_shows_it(
    late: LateResult, alice: User, client_of: SignIn
) -> None:
    address = f"/jobs/{late.job_id}/late/{late.pk}/take/"

    first, second = (client_of(alice).post(address) for _ in range(2))

    taken = Job.objects.get(parent=late.job)
    assert first.headers["Location"] == second.headers["Location"] == f"/jobs/{taken.pk}/"


def test_turning_it_down_ends_the_offer(late: LateResult, alice: User, client_of: SignIn) -> None:
    client = client_of(alice)

    client.post(f"/jobs/{late.job_id}/late/{late.pk}/dismiss/")

    assert "arrived after" not in client.get(f"/jobs/{late.job_id}/").content.decode()


def test_a_late_answer_of_another_job_is_not_found(
    late: LateResult, alice: User, make_job: MakeJob, client_of: SignIn
) -> None:
    other = make_job(state=State.CANCELLED)

    assert client_of(alice).post(f"/jobs/{other.pk}/late/{late.pk}/take/").status_code == 404


def test_missing_pictures_are_offered_with_their_price(
    make_job: MakeJob, alice: User, client_of: SignIn
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1, n=3)

    page = client_of(alice).get(f"/jobs/{job.pk}/").content.decode()

    assert "Make the missing 2 ($" in page


def test_making_them_is_a_job_for_just_their_number_and_once(
    make_job: MakeJob, alice: User, client_of: SignIn
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1, n=3)
    client = client_of(alice)

    first, second = (client.post(f"/jobs/{job.pk}/refill/") for _ in range(2))

    refill = Job.objects.get(parent=job)
    assert refill.n == 2
    assert first.headers["Location"] == second.headers["Location"] == f"/jobs/{refill.pk}/"


def test_once_asked_for_they_are_a_link_and_no_order(
    make_job: MakeJob, alice: User, client_of: SignIn
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1, n=3, error_code="partial")
    client = client_of(alice)
    client.post(f"/jobs/{job.pk}/refill/")

    page = client.get(f"/jobs/{job.pk}/").content.decode()

    refill = Job.objects.get(parent=job)
    assert f'href="/jobs/{refill.pk}/"' in page
    assert "Make the missing" not in page


def test_a_refill_that_came_to_nothing_can_be_asked_for_again(
    make_job: MakeJob, alice: User, client_of: SignIn
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1, n=3, error_code="partial")
    client = client_of(alice)
    client.post(f"/jobs/{job.pk}/refill/")
    first = Job.objects.get(parent=job)
    Job.objects.move(first.pk, State.QUEUED, State.CANCELLED, fence=None)

    assert "Make the missing 2" in client.get(f"/jobs/{job.pk}/").content.decode()
    client.post(f"/jobs/{job.pk}/refill/")

    assert Job.objects.filter(parent=job).count() == 2


def test_a_whole_job_has_nothing_to_make_up_for(
    make_job: MakeJob, alice: User, client_of: SignIn
) -> None:
    job = make_job(state=State.SUCCEEDED, images=2)
    client = client_of(alice)

    response = client.post(f"/jobs/{job.pk}/refill/", follow=True)

    assert "No picture of this job is missing" in response.content.decode()
    assert Job.objects.count() == 1
