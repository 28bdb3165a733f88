"""Cancel, close and try again: what the buttons of a card do."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.states import State
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]
SCRIPT = {"HX-Request": "true"}
DECISIONS = [
    ("cancel", State.QUEUED, State.CANCELLED),
    ("close", State.HELD, State.CANCELLED),
    ("retry", State.HELD, State.QUEUED),
]
VERBS = [verb for verb, _, _ in DECISIONS]


@pytest.mark.parametrize(("verb", "source", "target"), DECISIONS)
def test_it_moves_my_job_and_shows_it(
    verb: str,
    source: State,
    target: State,
    make_job: MakeJob,
    client_of: SignIn,
    alice: User,
) -> None:
    job = make_job(state=source)

    response = client_of(alice).post(f"/jobs/{job.pk}/{verb}/")

    assert response.status_code == 302
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert Job.objects.get().state == target


@pytest.mark.parametrize(("verb", "source", "target"), DECISIONS)
def test_with_script_it_answers_with_the_card(
    verb: str,
    source: State,
    target: State,
    make_job: MakeJob,
    client_of: SignIn,
    alice: User,
) -> None:
    job = make_job(state=source)

    page = client_of(alice).post(f"/jobs/{job.pk}/{verb}/", headers=SCRIPT).content.decode()

    assert page.count("<article") == 1
    assert f'id="job-{job.pk}" data-state="{target}"' in page


@pytest.mark.parametrize("verb", VERBS)
def test_a_decision_that_came_too_late_changes_nothing_and_says_so(
    verb: str, make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(state=State.SUCCEEDED)

    page = client_of(alice).post(f"/jobs/{job.pk}/{verb}/", follow=True).content.decode()

    assert "This job has moved on meanwhile" in page
    assert Job.objects.get().state == State.SUCCEEDED


def test_field_u01_a_second_press_decides_nothing_about_the_next_call(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    job = make_job(state=State.HELD)
    page = client_of(alice).get(f"/jobs/{job.pk}/").content.decode()
    assert f'name="seen" value="{job.fence}"' in page

    client_of(alice).post(f"/jobs/{job.pk}/retry/", {"seen": job.fence - 1})

    assert Job.objects.get().state == State.HELD


def test_field_u04_each_verb_is_a_button_of_its_own(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    jobs = [make_job(state=state) for state in (State.HELD, State.RUNNING, State.FAILED)]

    page = client_of(alice).get("/").content.decode()

    verbs = re.findall(r'<div class="card__verbs">.*?</div>', page, re.DOTALL)
    buttons = [tag for part in verbs for tag in re.findall(r"<(?:button|a|form) [^>]*>", part)]
    assert len(verbs) == len(jobs)
    assert all(' id="' in tag for tag in buttons)


@pytest.mark.parametrize("verb", VERBS)
def test_it_refuses_other_methods(
    verb: str, make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    assert client_of(alice).get(f"/jobs/{make_job().pk}/{verb}/").status_code == 405


@pytest.mark.parametrize("who", ["bob", "carol", "dana"])
@pytest.mark.parametrize(("verb", "source", "target"), DECISIONS)
def test_nobody_else_decides_even_on_a_shown_job(
    who: str,
    verb: str,
    source: State,
    target: State,
    request: pytest.FixtureRequest,
    make_job: MakeJob,
    client_of: SignIn,
) -> None:
    job = make_job(state=source, visibility="team")

    response = client_of(request.getfixturevalue(who)).post(f"/jobs/{job.pk}/{verb}/")

    assert response.status_code == 404
    assert Job.objects.get().state == source


def test_trying_again_names_its_price(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    make_job(state=State.HELD, estimate_low_microusd=53_000, estimate_high_microusd=53_000)

    page = client_of(alice).get("/").content.decode()

    assert "Try again (may cost again, about $0.053)" in page
