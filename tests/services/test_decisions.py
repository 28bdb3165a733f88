"""What people may decide about a job: close it, try it again, show it. Cancelling has its own."""

import pytest

from imagestudio.accounts.models import User
from imagestudio.audit.models import Entry
from jobs.models import Image, Job
from jobs.services.close import close
from jobs.services.oversee import reveal
from jobs.services.retry import retry
from jobs.services.share import set_visibility
from jobs.states import State, Visibility
from tests.conftest import MakeJob

NOT_HELD = [state for state in State if state is not State.HELD]


def test_it_closes_a_held_job_and_says_that_it_may_be_billed(
    make_job: MakeJob, alice: User
) -> None:
    job = make_job(state=State.HELD, may_be_billed=True)

    assert close(alice, job)

    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert job.may_be_billed


@pytest.mark.parametrize("state", NOT_HELD)
def test_it_closes_nothing_else(make_job: MakeJob, alice: User, state: State) -> None:
    assert not close(alice, make_job(state=state))


def test_it_queues_a_held_job_again_with_a_higher_fence(make_job: MakeJob, alice: User) -> None:
    job = make_job(state=State.HELD)

    assert retry(alice, job)

    again = Job.objects.get(pk=job.pk)
    assert (again.state, again.fence) == (State.QUEUED, job.fence + 1)


@pytest.mark.parametrize("state", NOT_HELD)
def test_it_tries_nothing_else_again(make_job: MakeJob, alice: User, state: State) -> None:
    assert not retry(alice, make_job(state=state))


def test_two_decisions_on_a_held_job_count_once(make_job: MakeJob, alice: User) -> None:
    job = make_job(state=State.HELD)

    assert retry(alice, job)
    assert not close(alice, job)


def test_field_u01_it_tries_once_more_only_the_call_that_was_decided_about(
    make_job: MakeJob, alice: User
) -> None:
    job = make_job(state=State.HELD)
    seen = job.fence - 1  # The button was pressed before the next call was cut off as well.

    assert not retry(alice, job, seen=seen)

    job.refresh_from_db()
    assert job.state == State.HELD


def test_it_shows_a_job_to_the_team_and_says_so_in_the_audit(
    make_job: MakeJob, alice: User, bob: User
) -> None:
    job = make_job()

    set_visibility(alice, job, Visibility.TEAM)

    assert job in Job.objects.visible_to(bob)
    assert Entry.objects.get(verb="job.shown_to_team").actor == alice


def test_showing_what_is_shown_already_is_no_news(make_job: MakeJob, alice: User) -> None:
    job = make_job(visibility=Visibility.TEAM)

    set_visibility(alice, job, Visibility.TEAM)

    assert not Entry.objects.exists()


def test_looking_at_a_private_picture_is_recorded_with_its_reason(
    make_job: MakeJob, dana: User, alice: User
) -> None:
    image = Image.objects.get(job=make_job(state=State.SUCCEEDED, images=1))

    reveal(dana, image, "complaint of a customer")

    entry = Entry.objects.get(verb="image.revealed")
    assert entry.actor == dana
    assert entry.details["reason"] == "complaint of a customer"
    assert entry.details["owner"] == alice.email


@pytest.mark.parametrize("reason", ["", "   ", "because", "x" * 501])
def test_looking_needs_a_real_reason(make_job: MakeJob, dana: User, reason: str) -> None:
    image = Image.objects.get(job=make_job(state=State.SUCCEEDED, images=1))

    with pytest.raises(ValueError, match="reason"):
        reveal(dana, image, reason)

    assert not Entry.objects.exists()
