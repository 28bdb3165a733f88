import pytest

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.services.cancel import cancel
from jobs.services.refill import missing, refill
from jobs.services.refill import of as refills_of
from jobs.services.refusals import NotAllowed, SubmitRefused
from jobs.services.submit import submit
from jobs.states import State, Visibility
from tests.conftest import MakeJob


@pytest.fixture
def partly_done(make_job: MakeJob) -> Job:
    return make_job(
        state=State.SUCCEEDED,
        images=3,
        n=5,
        prompt="five foxes",
        visibility=Visibility.TEAM,
        error_code="partial",
    )


def test_it_asks_for_just_the_missing_pictures(partly_done: Job, alice: User) -> None:
    job = refill(alice, partly_done)

    assert (job.n, job.image_request.n, job.state) == (2, 2, State.QUEUED)
    assert (job.prompt, job.parent) == ("five foxes", partly_done)


def test_it_is_shown_to_whom_the_first_is_shown(partly_done: Job, alice: User) -> None:
    assert refill(alice, partly_done).visibility == Visibility.TEAM


def test_asking_twice_makes_one_job(partly_done: Job, alice: User) -> None:
    assert refill(alice, partly_done) == refill(alice, partly_done)


def test_field_u01_it_makes_one_job_though_the_first_failed_between_two_clicks(
    partly_done: Job, alice: User
) -> None:
    first = refill(alice, partly_done)
    Job.objects.claim(first.pk, 30)
    Job.objects.move(first.pk, State.RUNNING, State.FAILED, fence=1)

    assert refill(alice, partly_done) == first


def test_it_is_priced_for_what_is_missing(partly_done: Job, alice: User, make_job: MakeJob) -> None:
    one_less = make_job(state=State.SUCCEEDED, images=4, n=5)

    two, one = refill(alice, partly_done), refill(alice, one_less)

    assert two.estimate_high_microusd
    assert one.estimate_high_microusd
    assert two.estimate_high_microusd > one.estimate_high_microusd


def test_what_is_whole_is_not_refilled(make_job: MakeJob, alice: User) -> None:
    with pytest.raises(SubmitRefused, match="missing"):
        refill(alice, make_job(state=State.SUCCEEDED, images=2))


@pytest.mark.parametrize("state", [state for state in State if state is not State.SUCCEEDED])
def test_nothing_is_missing_of_a_job_that_did_not_succeed(make_job: MakeJob, state: State) -> None:
    assert missing(make_job(state=state, n=4)) == 0


def test_onlookers_refill_nothing(partly_done: Job, vera: User) -> None:
    with pytest.raises(NotAllowed):
        refill(vera, partly_done)


def forged(by: User, of: Job, key: str) -> Job:
    return submit(by, of.team, of.image_request, idempotency_key=key, parent=of)


def test_w19_nobody_else_takes_a_refill_away(partly_done: Job, alice: User, bob: User) -> None:
    forged(bob, partly_done, f"refill:{partly_done.pk}:0")

    assert refills_of([partly_done]) == {}
    assert refill(alice, partly_done).owner == alice


def test_w19_what_others_failed_at_does_not_count(partly_done: Job, alice: User, bob: User) -> None:
    cancel(bob, forged(bob, partly_done, f"refill:{partly_done.pk}:0"))

    made = refill(alice, partly_done)

    assert made.idempotency_key == f"refill:{partly_done.pk}:0"
    assert refills_of([partly_done]) == {partly_done.pk: made}
