"""Cancelling at every step: at once for the member, and honest about money."""

import threading

import pytest
from django.db import connection

from imagestudio.accounts.models import User
from imagestudio.images_api.errors import OutcomeUnknown, Refused
from jobs.models import Attempt, Event, Job, LateResult
from jobs.services.cancel import cancel
from jobs.services.recover.sweep import sweep
from jobs.services.run.settle import settle
from jobs.services.run.spool import SpoolEntry
from jobs.services.run.worker import run
from jobs.states import FINAL, Outcome, State
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.services.answers import leave_answer
from tests.upstream import Connection, ScriptedUpstream

UNFINISHED = [State.QUEUED, State.RUNNING, State.HELD]


def send(job: Job) -> None:
    assert Attempt.objects.open(job.pk, job.fence)


@pytest.mark.parametrize("state", UNFINISHED)
def test_it_cancels_at_every_step(make_job: MakeJob, alice: User, state: State) -> None:
    job = make_job(state=state)

    assert cancel(alice, job)

    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert job.finished_at is not None


@pytest.mark.parametrize("state", UNFINISHED)
def test_it_remembers_who_cancelled(make_job: MakeJob, alice: User, state: State) -> None:
    job = make_job(state=state)

    cancel(alice, job)

    event = Event.objects.filter(job=job).last()
    assert event is not None
    assert event.actor == alice


@pytest.mark.parametrize("state", sorted(FINAL))
def test_it_cancels_nothing_that_has_ended(make_job: MakeJob, alice: User, state: State) -> None:
    assert not cancel(alice, make_job(state=state))


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_before_the_call_nothing_was_spent(make_job: MakeJob, alice: User, state: State) -> None:
    job = make_job(state=state)

    cancel(alice, job)

    job.refresh_from_db()
    assert "Nothing was spent" in job.told
    assert (job.cost_microusd, job.may_be_billed) == (0, False)


def test_during_the_call_it_may_be_billed(make_job: MakeJob, alice: User) -> None:
    job = make_job(state=State.RUNNING)
    send(job)

    cancel(alice, job)

    job.refresh_from_db()
    assert "may be billed" in job.told
    assert (job.cost_microusd, job.may_be_billed) == (None, True)


def test_a_worker_that_has_not_sent_it_yet_sends_nothing(make_job: MakeJob, alice: User) -> None:
    claimed = Job.objects.claim(make_job().pk, 30)
    assert claimed is not None

    cancel(alice, claimed)

    assert Attempt.objects.open(claimed.pk, claimed.fence) is None


@pytest.fixture
def cancelled_during_the_call(make_job: MakeJob, alice: User, upstream: ScriptedUpstream) -> Job:
    """The service answers only when the member has cancelled."""
    job = make_job()

    def answer_when_cancelled(caller: Connection) -> None:
        caller.read_request()
        caller.wait_for_release()
        caller.send(scripts.response_bytes(scripts.images_answer()))

    upstream.script(answer_when_cancelled)

    def lose_patience() -> None:
        upstream.wait_for_calls(1)
        cancel(alice, Job.objects.get(pk=job.pk))
        connection.close()
        upstream.release()

    member = threading.Thread(target=lose_patience)
    member.start()
    run(job.pk)
    member.join()
    job.refresh_from_db()
    return job


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_still_comes_is_offered(cancelled_during_the_call: Job) -> None:
    job = cancelled_during_the_call
    assert job.state == State.CANCELLED

    sweep()

    assert LateResult.objects.get().job == job
    assert SpoolEntry(job.pk, 1).is_late


@pytest.mark.django_db(transaction=True)
def test_the_call_has_its_outcome_and_the_job_its_cost(cancelled_during_the_call: Job) -> None:
    job = cancelled_during_the_call

    sweep()

    job.refresh_from_db()
    attempt = job.attempts.get()
    assert attempt.outcome == Outcome.ANSWERED
    assert job.cost_microusd == attempt.cost_microusd == 1756 * 30 + 50 * 5
    assert "billed all the same" in job.told


def test_the_cost_is_known_though_the_worker_did_not_live_to_say_so(
    make_job: MakeJob, alice: User
) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    leave_answer(job)
    cancel(alice, job)

    sweep()

    job.refresh_from_db()
    assert job.attempts.get().outcome == Outcome.ANSWERED
    assert job.cost_microusd == job.attempts.get().cost_microusd == 1756 * 30 + 10 * 5


def test_a_call_that_came_to_nothing_sets_the_record_straight(
    make_job: MakeJob, alice: User
) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    cancel(alice, job)

    settle(job, Refused("no", code="invalid_value", http_status=400))

    job.refresh_from_db()
    assert (job.state, job.may_be_billed, job.cost_microusd) == (State.CANCELLED, False, 0)
    assert "Nothing was spent" in job.told


def test_a_call_of_unknown_outcome_leaves_the_warning(make_job: MakeJob, alice: User) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    cancel(alice, job)

    settle(job, OutcomeUnknown("cut"))

    job.refresh_from_db()
    assert (job.state, job.may_be_billed, job.cost_microusd) == (State.CANCELLED, True, None)


def test_a_picture_that_was_stored_but_not_shown_is_not_shown_after_cancelling(
    make_job: MakeJob, alice: User
) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    leave_answer(job)
    cancel(alice, job)

    sweep()

    assert not job.images.exists()


@pytest.mark.django_db(transaction=True)
def test_of_a_hundred_who_cancel_one_succeeds(make_job: MakeJob, alice: User) -> None:
    job = make_job()
    done: list[bool] = []

    def press() -> None:
        done.extend([cancel(alice, job) for _ in range(10)])
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(done), sum(done)) == (100, 1)
    assert Event.objects.filter(job=job, target=State.CANCELLED).count() == 1
