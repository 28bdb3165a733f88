"""Whose job is next, and that none is claimed that may not go."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings

from imagestudio.accounts.models import User
from imagestudio.images_api import errors
from jobs.models import Attempt, Job, ProviderTrouble, QueueShare
from jobs.services.queue import circuit_breaker, rate_limiter, scheduler
from jobs.services.queue.provider_limits import Share
from jobs.services.run.requeue import put_back
from jobs.states import ErrorCode, Outcome, State
from tests.conftest import MakeJob

DOWN = errors.NotSent("The service could not be reached.", code="refused")


@pytest.fixture(autouse=True)
def own_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that a test leaves in flight are not kept up behind it."""
    monkeypatch.setattr(rate_limiter, "_share", Share())


def limit(settings: Settings, **limits: int) -> None:
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], **limits),)


def take(count: int) -> list[Job]:
    taken = [scheduler.take() for _ in range(count)]
    return [turn.job for turn in taken if turn is not None]


def owners(jobs: list[Job]) -> list[str]:
    return [job.owner.email.partition("@")[0] for job in jobs]


def finish(job: Job) -> None:
    Job.objects.move(job.pk, State.RUNNING, State.SUCCEEDED, fence=job.fence)


def test_it_claims_the_oldest_job_of_a_member(make_job: MakeJob) -> None:
    jobs = [make_job() for _ in range(3)]

    taken = take(3)

    assert [job.pk for job in taken] == [job.pk for job in jobs]
    assert {(job.state, job.fence, job.attempt) for job in taken} == {("running", 1, 1)}


def test_nothing_is_due_nothing_is_claimed(make_job: MakeJob) -> None:
    make_job(run_after=Now() + timedelta(seconds=60))
    make_job(deadline_at=Now() - timedelta(seconds=1))
    make_job(state=State.HELD)

    assert scheduler.take() is None


def test_members_take_turns(make_job: MakeJob, alice: User, bob: User, carol: User) -> None:
    for owner in (alice, alice, alice, alice, bob, bob, carol):
        make_job(owner)

    assert owners(take(7)) == ["alice", "bob", "carol", "alice", "bob", "alice", "alice"]


def test_who_has_fewer_jobs_at_work_comes_first(make_job: MakeJob, alice: User, bob: User) -> None:
    make_job(alice, State.RUNNING)
    make_job(alice)
    make_job(bob)

    assert owners(take(2)) == ["bob", "alice"]


def test_a_quick_job_of_a_moment_ago_counts_as_a_turn(
    make_job: MakeJob, alice: User, bob: User
) -> None:
    for owner in (alice, alice, bob):
        make_job(owner)
    [first] = take(1)
    finish(first)

    [second] = take(1)

    assert owners([first, second]) == ["alice", "bob"]


def test_one_job_waits_for_one_call_behind_five_hundred(
    make_job: MakeJob, alice: User, bob: User
) -> None:
    for _ in range(500):
        make_job(alice)
    busy = take(20)
    late = make_job(bob)
    finish(busy[0])

    [next_job] = take(1)

    assert next_job.pk == late.pk


def test_a_member_with_a_double_share_gets_two_turns_of_three(
    make_job: MakeJob, alice: User, bob: User
) -> None:
    QueueShare.objects.create(user=alice, weight=2)
    for _ in range(12):
        make_job(alice)
        make_job(bob)

    names = owners(take(12))

    assert names.count("alice") == 8


def test_a_member_waits_for_each_provider_apart(
    make_job: MakeJob, alice: User, bob: User, settings: Settings
) -> None:
    one = replace(settings.PROVIDERS[0], max_concurrency=1)
    settings.PROVIDERS = (one, replace(one, name="azure"))
    make_job(alice)
    make_job(alice)
    other = make_job(alice, provider="azure")

    taken = take(3)

    assert len(taken) == 2
    assert other.pk in {job.pk for job in taken}


def test_a_job_that_may_not_go_is_not_touched(make_job: MakeJob, settings: Settings) -> None:
    limit(settings, max_concurrency=1)
    make_job()
    waiting = make_job()

    take(2)

    before = (waiting.state, waiting.attempt, waiting.fence, waiting.run_after)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempt, waiting.fence, waiting.run_after) == before


def test_it_goes_when_a_call_is_over(make_job: MakeJob, settings: Settings) -> None:
    limit(settings, max_concurrency=1)
    make_job()
    waiting = make_job()
    first = scheduler.take()
    assert first is not None
    assert scheduler.take() is None

    with first:
        pass

    assert [job.pk for job in take(1)] == [waiting.pk]


def test_a_job_of_four_pictures_takes_four(make_job: MakeJob, settings: Settings) -> None:
    limit(settings, images_per_minute=5)
    make_job(n=4)
    make_job(n=4)

    assert len(take(2)) == 1


def test_a_job_takes_what_it_may_cost_and_gives_back_the_rest(
    make_job: MakeJob, settings: Settings
) -> None:
    limit(settings, max_spend_microusd_per_hour=100_000)
    for _ in range(2):
        make_job(estimate_high_microusd=90_000)
    turn = scheduler.take()
    assert turn is not None
    blocked = scheduler.take()

    with turn:
        attempt = Attempt.objects.open(turn.job.pk, turn.job.fence)
        assert attempt is not None
        Attempt.objects.filter(pk=attempt.pk).update(outcome=Outcome.ANSWERED, cost_microusd=5_000)

    assert blocked is None
    assert len(take(1)) == 1


def test_a_job_of_unknown_price_takes_something_all_the_same(
    make_job: MakeJob, settings: Settings
) -> None:
    limit(settings, max_spend_microusd_per_hour=scheduler.UNKNOWN_MICROUSD)
    for _ in range(2):
        make_job()

    assert len(take(2)) == 1


def test_a_job_of_a_service_that_is_gone_is_claimed_for_its_end(make_job: MakeJob) -> None:
    job = make_job(provider="gone")

    assert [taken.pk for taken in take(1)] == [job.pk]


def close(provider: str) -> None:
    ProviderTrouble.objects.create(
        provider=provider, kind="down", failures=5, until=Now() + timedelta(seconds=60)
    )


def test_a_closed_provider_gets_no_jobs_and_the_others_theirs(
    make_job: MakeJob, settings: Settings
) -> None:
    first = settings.PROVIDERS[0]
    settings.PROVIDERS = (first, replace(first, name="azure"))
    close(first.name)
    make_job()
    other = make_job(provider="azure")

    assert [job.pk for job in take(2)] == [other.pk]


@pytest.fixture
def half_open(settings: Settings) -> None:
    ProviderTrouble.objects.create(
        provider=settings.PROVIDERS[0].name,
        kind="down",
        failures=5,
        last_at=Now() - timedelta(seconds=60),
        until=Now() - timedelta(seconds=1),
    )


def in_threads(count: int, work: Callable[[], None]) -> None:
    barrier = threading.Barrier(count)

    def go() -> None:
        barrier.wait()
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_one_job_of_many_tries_a_provider_that_was_closed(
    make_job: MakeJob, half_open: None
) -> None:
    for _ in range(25):
        make_job()
    taken: list[Job] = []

    in_threads(20, lambda: taken.extend(take(1)))

    assert len(taken) == 1


@pytest.mark.django_db(transaction=True)
def test_all_go_when_the_one_came_through(make_job: MakeJob, half_open: None) -> None:
    for _ in range(6):
        make_job()
    [first] = take(1)
    assert take(1) == []

    scheduler.learn(first)

    assert len(take(5)) == 5


@pytest.mark.django_db(transaction=True)
def test_no_job_is_taken_twice(make_job: MakeJob, bob: User) -> None:
    for _ in range(20):
        make_job()
        make_job(bob)
    taken: list[Job] = []

    in_threads(10, lambda: taken.extend(take(4)))

    assert len({job.pk for job in taken}) == len(taken) == 40


@pytest.mark.django_db(transaction=True)
def test_no_more_are_taken_at_once_than_may(make_job: MakeJob, settings: Settings) -> None:
    limit(settings, max_concurrency=3)
    for _ in range(20):
        make_job()
    taken: list[Job] = []

    in_threads(10, lambda: taken.extend(take(4)))

    assert len(taken) == 3


@pytest.mark.django_db(transaction=True)
def test_taking_a_turn_locks_nobody_elses_job(make_job: MakeJob, alice: User, bob: User) -> None:
    """One lock a claim: else the claims of that moment would pass each other's members over."""
    for owner in (alice, alice, bob, bob):
        make_job(owner)
    taken: list[str] = []

    def next_one() -> None:
        taken.extend(owners(take(1)))

    for _ in range(2):
        in_threads(2, next_one)

    assert sorted(taken) == ["alice", "alice", "bob", "bob"]


def test_a_call_that_was_told_to_slow_down_stops_the_others(
    make_job: MakeJob, settings: Settings
) -> None:
    for _ in range(3):
        make_job()
    [job] = take(1)

    scheduler.learn(job, errors.Rejected("slow down", http_status=429, retry_after_s=30))

    assert take(1) == []
    assert rate_limiter.look(settings.PROVIDERS[0]).wait_s > 29


def test_failures_in_a_row_stop_the_others(make_job: MakeJob, settings: Settings) -> None:
    settings.BREAKER_AFTER = 2
    for _ in range(3):
        make_job()

    for job in take(2):
        scheduler.learn(job, DOWN)

    assert circuit_breaker.closed()
    assert take(1) == []


def test_an_error_tells_which_job_was_in_hand(make_job: MakeJob) -> None:
    """The message names another one as often as not."""
    job = make_job()
    turn = scheduler.take()
    assert turn is not None

    with pytest.raises(ZeroDivisionError) as caught, turn:
        raise ZeroDivisionError

    assert any(str(job.pk) in note for note in caught.value.__notes__)


def test_a_message_that_came_too_early_is_rung_for_again(make_job: MakeJob) -> None:
    job = make_job(dispatched_at=Now())

    scheduler.unring(job.pk)

    job.refresh_from_db()
    assert job.dispatched_at is None


def test_without_valkey_jobs_go_on(make_job: MakeJob, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/1"
    make_job()

    assert len(take(1)) == 1


def test_a_claim_in_vain_counts_as_a_turn(make_job: MakeJob, alice: User, bob: User) -> None:
    hour = timedelta(hours=1)
    make_job(bob, State.SUCCEEDED, started_at=Now() - hour, claimed_at=Now() - hour)
    make_job(alice, started_at=Now() - 24 * hour)
    [in_vain] = take(1)
    put_back(in_vain, ErrorCode.STORAGE, "Not now.")
    make_job(alice)
    make_job(bob)

    assert owners(take(2)) == ["bob", "alice"]
