import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries, Settings

from jobs.models import Attempt, Image, Job, LateResult
from jobs.services.recover import sweep as sweep_module
from jobs.services.recover.sweep import canary, sweep
from jobs.services.run import heartbeats
from jobs.services.run.spool import SpoolEntry
from jobs.states import FINAL, Outcome, Policy, State
from tests.conftest import MakeJob, png
from tests.services.answers import leave_answer


def lose_worker(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))


def send(job: Job) -> None:
    assert Attempt.objects.open(job.pk, job.fence)


def state_of(job: Job) -> str:
    return Job.objects.values_list("state", flat=True).get(pk=job.pk)


def test_a_round_that_finds_nothing_asks_the_database_twice(
    make_job: MakeJob, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for state in State:
        if state not in (State.QUEUED, State.RUNNING):
            make_job(state=state)
    Job.objects.update(thumbs_at=Now())

    with django_assert_num_queries(2):  # Its sign of life, and one look for all that may be due.
        assert sweep() == []


def test_it_rings_for_a_due_job_whose_message_was_lost(make_job: MakeJob) -> None:
    job = make_job()

    assert sweep() == [job.pk]


def test_it_does_not_ring_twice_in_a_row(make_job: MakeJob) -> None:
    make_job()
    sweep()

    assert sweep() == []


def test_it_rings_for_no_job_that_is_not_due(make_job: MakeJob) -> None:
    make_job(run_after=Now() + timedelta(seconds=60))

    assert sweep() == []


def test_it_leaves_a_running_job_with_a_lease_alone(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)

    sweep()

    assert state_of(job) == State.RUNNING


def test_it_queues_a_job_again_whose_worker_died_before_the_call(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    lose_worker(job)

    assert sweep() == [job.pk]

    assert state_of(job) == State.QUEUED


def test_it_leaves_a_job_alone_whose_worker_came_back_meanwhile(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    stale = Job.objects.get(pk=job.pk)

    sweep_module._recover(stale)

    assert state_of(job) == State.RUNNING


def test_it_takes_nothing_back_right_after_the_database_was_away(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    lose_worker(job)

    sweep(may_recover=False)

    assert state_of(job) == State.RUNNING


def test_an_answer_that_can_not_be_stored_for_long_is_held(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    part = leave_answer(job).folder / "0.part"
    part.unlink()
    part.mkdir()
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(hours=1))

    sweep()

    assert state_of(job) == State.HELD


def test_a_late_answer_is_kept_for_good(make_job: MakeJob) -> None:
    job = make_job(state=State.CANCELLED)
    entry = leave_answer(job)
    sweep()
    os.utime(entry.folder, (1, 1))

    sweep()

    assert entry.is_late


def test_it_gives_up_on_a_job_that_kills_its_workers(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING, crash_count=2)
    lose_worker(job)

    sweep()

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "poison")


def test_it_holds_a_job_whose_worker_died_during_the_call(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    lose_worker(job)

    assert sweep() == []

    job.refresh_from_db()
    assert (job.state, job.may_be_billed) == (State.HELD, True)
    assert job.attempts.get().outcome == Outcome.UNKNOWN


def test_it_finishes_from_the_answer_that_a_dead_worker_left(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    entry = leave_answer(job)
    lose_worker(job)

    sweep()

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    assert default_storage.exists(job.images.get().key)
    assert not entry.folder.exists()


def test_it_computes_the_cost_of_an_answer_that_it_finishes(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    leave_answer(job)
    lose_worker(job)

    sweep()

    job.refresh_from_db()
    assert job.cost_microusd == job.attempts.get().cost_microusd == 1756 * 30 + 10 * 5


def test_it_finishes_a_held_job_when_its_answer_turns_up(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    lose_worker(job)
    sweep()
    leave_answer(job)

    sweep()

    assert state_of(job) == State.SUCCEEDED
    assert Attempt.objects.get(job=job).outcome == Outcome.ANSWERED


@pytest.mark.parametrize("state", sorted(FINAL - {State.SUCCEEDED}))
def test_it_keeps_and_notes_an_answer_to_a_job_that_has_ended(
    make_job: MakeJob, state: State
) -> None:
    job = make_job(state=state)
    entry = leave_answer(job)

    sweep()
    sweep()

    assert state_of(job) == state
    assert LateResult.objects.get(job=job).fence == job.fence
    assert entry.is_late


def test_it_clears_an_answer_whose_pictures_are_shown_already(make_job: MakeJob) -> None:
    job = make_job(state=State.SUCCEEDED, images=1)
    entry = leave_answer(job)

    sweep()

    assert not entry.folder.exists()
    assert not LateResult.objects.exists()


def test_it_leaves_the_folder_of_a_running_call_alone(make_job: MakeJob) -> None:
    entry = SpoolEntry((job := make_job(state=State.RUNNING)).pk, job.fence)
    entry.prepare()

    sweep()

    assert entry.folder.exists()


def test_it_clears_old_folders_without_an_answer(make_job: MakeJob) -> None:
    job = make_job(state=State.FAILED)
    entry = SpoolEntry(job.pk, job.fence)
    folder = entry.prepare()
    os.utime(folder, (1, 1))

    sweep()

    assert not folder.exists()


def test_a_damaged_manifest_is_set_aside_and_the_job_held(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    entry = leave_answer(job)
    (entry.folder / "manifest.json").write_text("{")
    lose_worker(job)

    sweep()
    sweep()

    assert state_of(job) == State.HELD
    assert (entry.folder / "manifest.aside").exists()


def test_one_job_in_trouble_keeps_no_other_waiting(
    make_job: MakeJob, settings: Settings, tmp_path: Path
) -> None:
    stuck = make_job(state=State.RUNNING)
    send(stuck)
    part = leave_answer(stuck).folder / "0.part"
    part.unlink()
    part.mkdir()  # What can't be read, and is no fault of the picture.
    lose_worker(stuck)
    waiting = make_job()

    assert sweep() == [waiting.pk]
    assert state_of(stuck) == State.RUNNING


def test_it_fails_a_job_that_waited_past_its_deadline(make_job: MakeJob) -> None:
    job = make_job(deadline_at=Now() - timedelta(seconds=1))

    sweep()

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "expired")


def test_it_fails_a_held_job_that_nobody_decided_on(make_job: MakeJob) -> None:
    job = make_job(state=State.HELD, held_until=Now() - timedelta(seconds=1))

    sweep()

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "outcome_unknown")


def hold(job: Job) -> None:
    send(job)
    lose_worker(job)
    sweep()


def test_a_job_that_is_never_to_be_asked_about_ends_at_once(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING, policy=Policy.NEVER)
    hold(job)

    sweep()

    job.refresh_from_db()
    assert (job.state, job.may_be_billed) == (State.FAILED, True)
    assert "billed" in job.told


def test_a_job_that_may_be_sent_again_is(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING, policy=Policy.RETRY)
    hold(job)

    assert sweep() == [job.pk]

    assert state_of(job) == State.QUEUED


def test_after_its_tries_somebody_is_asked(make_job: MakeJob, settings: Settings) -> None:
    settings.HELD_RETRIES = 1
    job = make_job(state=State.RUNNING, policy=Policy.RETRY)
    hold(job)
    sweep()
    again = Job.objects.claim(job.pk, 30)
    assert again is not None
    hold(again)

    sweep()
    sweep()

    assert state_of(job) == State.HELD


def test_by_itself_a_held_job_stays_held(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    hold(job)

    sweep()

    assert state_of(job) == State.HELD


def test_the_canary_is_sent_now_and_then(db: None, settings: Settings) -> None:
    settings.CANARY_S = 60

    assert list(canary()) == [heartbeats.CANARY_ID]
    assert list(canary()) == []


def test_it_fails_a_paid_answer_without_a_picture(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    send(job)
    leave_answer(job, contents=[b"no picture at all"])
    lose_worker(job)

    sweep()

    job.refresh_from_db()
    assert (job.state, job.error_code, job.may_be_billed) == (State.FAILED, "bad_answer", True)
    assert job.cost_microusd == 1756 * 30 + 10 * 5


def test_it_keeps_the_good_pictures_of_a_mixed_answer(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING, n=2)
    send(job)
    leave_answer(job, contents=[png(64, 64), b"no picture"])
    lose_worker(job)

    sweep()

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.SUCCEEDED, "partial")
    assert Image.objects.filter(job=job).count() == 1


def test_it_rings_for_a_finished_job_without_thumbnails(make_job: MakeJob) -> None:
    job = make_job(state=State.SUCCEEDED, images=1, finished_at=Now() - timedelta(minutes=1))

    assert sweep() == [job.pk]


def test_it_gives_a_sign_of_life(db: None) -> None:
    sweep()

    heartbeats.assert_sweeper_alive()


def test_a_job_that_needs_no_storage_is_never_behind_those_that_do(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "HEAVY_WORK_S", 0.0)
    with_answer, without = make_job(state=State.RUNNING), make_job(state=State.RUNNING)
    send(with_answer)
    leave_answer(with_answer)
    lose_worker(with_answer)
    lose_worker(without)

    sweep()

    assert state_of(without) == State.QUEUED
