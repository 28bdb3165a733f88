"""Paid pictures that came after the end of their job."""

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from jobs.models import Attempt, Event, Job, LateResult
from jobs.services import late
from jobs.services.cancel import cancel
from jobs.services.recover import leftovers
from jobs.services.recover.sweep import sweep
from jobs.services.run.spool import SpoolEntry
from jobs.services.run.worker import run
from jobs.states import Outcome, State, Visibility
from tests.conftest import MakeJob
from tests.services.answers import leave_answer
from tests.upstream import ScriptedUpstream


@pytest.fixture
def arrived_late(make_job: MakeJob) -> LateResult:
    job = make_job(state=State.CANCELLED, n=2, visibility=Visibility.TEAM)
    leave_answer(job)
    sweep()
    return LateResult.objects.get(job=job)


def take(actor: User, late_result: LateResult) -> Job:
    job = late.take(actor, late_result)
    assert job is not None
    return job


def test_it_is_offered_to_its_owner_alone(arrived_late: LateResult, alice: User, bob: User) -> None:
    assert list(late.offered_to(alice)) == [arrived_late]
    assert not late.offered_to(bob).exists()


def test_taking_it_makes_a_job_that_shows_the_picture(
    arrived_late: LateResult, alice: User, upstream: ScriptedUpstream
) -> None:
    job = take(alice, arrived_late)

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.parent) == (State.SUCCEEDED, arrived_late.job)
    assert default_storage.exists(job.images.get().key)
    assert upstream.calls == []


def test_it_goes_the_usual_way(arrived_late: LateResult, alice: User) -> None:
    job = take(alice, arrived_late)

    run(job.pk)

    way = Event.objects.filter(job=job).values_list("source", "target")
    assert list(way) == [("", "queued"), ("queued", "running"), ("running", "succeeded")]


def test_it_costs_nothing_more(arrived_late: LateResult, alice: User) -> None:
    job = take(alice, arrived_late)

    run(job.pk)

    job.refresh_from_db()
    assert (job.cost_microusd, job.may_be_billed) == (0, False)
    assert not job.attempts.exists()


def test_it_is_a_job_like_the_one_that_ended(arrived_late: LateResult, alice: User) -> None:
    ended, job = arrived_late.job, take(alice, arrived_late)

    same = ("owner_id", "team_id", "request", "n", "prompt", "provider", "visibility")
    assert [getattr(job, name) for name in same] == [getattr(ended, name) for name in same]


def test_the_job_that_ended_stays_as_it_was(arrived_late: LateResult, alice: User) -> None:
    before = Job.objects.filter(pk=arrived_late.job_id).values().get()

    run(take(alice, arrived_late).pk)

    assert Job.objects.filter(pk=arrived_late.job_id).values().get() == before


def test_taking_it_twice_gives_the_same_job(arrived_late: LateResult, alice: User) -> None:
    first = take(alice, arrived_late)

    assert take(alice, arrived_late) == first


def test_what_was_taken_is_offered_no_more(arrived_late: LateResult, alice: User) -> None:
    run(take(alice, arrived_late).pk)

    assert not late.offered_to(alice).exists()
    assert not SpoolEntry(arrived_late.job_id, arrived_late.fence).folder.exists()


def test_a_job_that_was_cancelled_gives_it_back(arrived_late: LateResult, alice: User) -> None:
    in_vain = take(alice, arrived_late)
    cancel(alice, in_vain)

    assert list(late.offered_to(alice)) == [arrived_late]
    assert take(alice, arrived_late) != in_vain


def test_nobody_else_takes_it(arrived_late: LateResult, bob: User, dana: User) -> None:
    assert late.take(bob, arrived_late) is None
    assert late.take(dana, arrived_late) is None


def test_a_worker_that_dies_while_taking_it_over_loses_nothing(
    arrived_late: LateResult, alice: User
) -> None:
    claimed = Job.objects.claim(take(alice, arrived_late).pk, lease_s=-1)
    assert claimed is not None
    entry = SpoolEntry(claimed.pk, claimed.fence)
    entry.prepare()
    entry.copy_late_answer(SpoolEntry(arrived_late.job_id, arrived_late.fence))

    sweep()

    claimed.refresh_from_db()
    assert claimed.state == State.SUCCEEDED
    leftovers.clear_settled()
    assert not SpoolEntry(arrived_late.job_id, arrived_late.fence).folder.exists()


def test_what_is_gone_from_disk_is_said_and_costs_nothing(
    arrived_late: LateResult, alice: User, upstream: ScriptedUpstream
) -> None:
    SpoolEntry(arrived_late.job_id, arrived_late.fence).discard()
    job = take(alice, arrived_late)

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code, job.cost_microusd) == (State.FAILED, "late_gone", 0)
    assert upstream.calls == []


def test_turning_it_down_is_for_good(arrived_late: LateResult, alice: User) -> None:
    assert late.dismiss(alice, arrived_late)

    assert not late.offered_to(alice).exists()
    assert late.take(alice, arrived_late) is None


def test_only_what_was_turned_down_is_cleared_away(
    arrived_late: LateResult, alice: User, make_job: MakeJob
) -> None:
    wanted = leave_answer(make_job(state=State.CANCELLED))
    sweep()
    late.dismiss(alice, arrived_late)

    leftovers.clear_settled()

    assert not SpoolEntry(arrived_late.job_id, arrived_late.fence).folder.exists()
    assert wanted.is_late


def test_nobody_else_turns_it_down(arrived_late: LateResult, alice: User, bob: User) -> None:
    assert not late.dismiss(bob, arrived_late)
    assert late.offered_to(alice).exists()


def test_what_is_taken_can_not_be_turned_down(arrived_late: LateResult, alice: User) -> None:
    take(alice, arrived_late)

    assert not late.dismiss(alice, arrived_late)


def test_it_is_offered_though_another_call_was_in_vain(make_job: MakeJob, alice: User) -> None:
    job = make_job(state=State.FAILED, fence=2, error_code="bad_answer")
    Attempt.objects.create(
        job=job, fence=1, number=1, provider=job.provider, outcome=Outcome.UNKNOWN, sent_at=Now()
    )
    Attempt.objects.create(
        job=job, fence=2, number=2, provider=job.provider, outcome=Outcome.UNUSABLE, sent_at=Now()
    )
    leave_answer(job, fence=1)

    sweep()

    assert late.offered_to(alice).get().fence == 1


def test_it_is_not_offered_again_when_no_picture_in_it_can_be_opened(
    make_job: MakeJob, alice: User, upstream: ScriptedUpstream
) -> None:
    leave_answer(make_job(state=State.CANCELLED), contents=[b"no picture"])
    sweep()

    job = take(alice, LateResult.objects.get())
    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "bad_answer")
    assert not late.offered_to(alice).exists()
