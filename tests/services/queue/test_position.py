"""Where a queued job stands, and when it may start."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries, Settings

from imagestudio.accounts.models import User
from imagestudio.images_api.providers import Provider
from jobs.models import Attempt, Job, ProviderTrouble
from jobs.services.queue import position, rate_limiter, scheduler
from jobs.services.queue.position import Depth, ProviderQueue, QueuePosition, positions_of
from jobs.services.queue.provider_limits import Reason
from jobs.states import Outcome, State
from tests.conftest import MakeJob

PLAIN = Provider("openai", "https://images.example/v1", "sk-test")
ME, HER, HIM = uuid4(), uuid4(), uuid4()
TAKES_S = (10.0, 30.0)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(position, "_known_durations", {})


def limit(settings: Settings, **limits: Any) -> Provider:
    provider: Provider = replace(settings.PROVIDERS[0], **limits)
    settings.PROVIDERS = (provider,)
    return provider


def line(
    running_elsewhere: int = 0, view: rate_limiter.View = rate_limiter.UNLIMITED, **depths: Depth
) -> ProviderQueue:
    names = {"me": ME, "her": HER, "him": HIM}
    by_owner: dict[UUID, Depth] = {names[name]: depth for name, depth in depths.items()}
    return ProviderQueue(by_owner, running_elsewhere, view)


def placed(job: Job) -> QueuePosition:
    return positions_of([job])[job.pk]


def test_a_job_alone_starts_at_once(make_job: MakeJob) -> None:
    place = placed(make_job())

    assert (place.ahead, place.starts_in_low_s) == (0, 0.0)
    assert place.starts_in_high_s is not None
    assert place.starts_in_high_s < 5


def test_a_job_that_is_not_queued_has_no_place(make_job: MakeJob) -> None:
    assert positions_of([make_job(state=State.RUNNING)]) == {}


def test_own_jobs_are_ahead_in_their_order(make_job: MakeJob) -> None:
    jobs = [make_job() for _ in range(3)]

    assert [placed(job).ahead_mine for job in jobs] == [0, 1, 2]


def test_of_a_flood_of_others_one_is_ahead(make_job: MakeJob, alice: User, bob: User) -> None:
    for _ in range(40):
        make_job(bob)

    assert placed(make_job(alice)).ahead_others == 1


def test_the_place_agrees_with_the_turns_that_are_taken(
    make_job: MakeJob, alice: User, bob: User, carol: User
) -> None:
    for owner in (bob, bob, bob, carol, alice, alice):
        make_job(owner)
    mine = make_job(alice)
    place = placed(mine)

    order = [turn.job.pk for turn in iter(scheduler.take, None)]

    assert place.ahead_mine == 2
    assert order.index(mine.pk) <= place.ahead


def test_past_a_hundred_nobody_counts(make_job: MakeJob) -> None:
    first = make_job()
    # Whole rows: what the manager leaves out could not be copied.
    rows = [Job._base_manager.get(pk=first.pk) for _ in range(position.MOST + 5)]
    for row in rows:
        row.pk = uuid4()
    Job.objects.bulk_create(rows)
    last = make_job(id=UUID(int=2**128 - 1))

    place = placed(last)

    assert (place.ahead, place.is_counted, place.starts_in_high_s) == (position.MOST, False, None)


def test_all_jobs_of_a_page_take_a_fixed_number_of_queries(
    make_job: MakeJob, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    jobs = [make_job() for _ in range(5)] + [make_job(bob) for _ in range(5)]

    with django_assert_num_queries(4):
        assert len(positions_of(jobs)) == 10


def test_a_page_without_queued_jobs_asks_nothing(
    make_job: MakeJob, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    jobs = [make_job(state=State.RUNNING)]

    with django_assert_num_queries(0):
        assert positions_of(jobs) == {}


def answered(make_job: MakeJob, seconds: float) -> None:
    job = make_job(state=State.SUCCEEDED)
    Attempt.objects.create(
        job=job,
        fence=1,
        number=1,
        provider=job.provider,
        outcome=Outcome.ANSWERED,
        sent_at=Now() - timedelta(seconds=seconds),
        answered_at=Now(),
    )


def test_the_range_comes_from_the_last_calls(make_job: MakeJob, settings: Settings) -> None:
    limit(settings, max_concurrency=1)
    for seconds in (20, 20, 20, 20, 100):
        answered(make_job, seconds)
    make_job(state=State.RUNNING)
    make_job()

    place = placed(make_job())

    assert place.starts_in_low_s == pytest.approx(20, abs=1)
    assert place.starts_in_high_s == pytest.approx(2 * 68 + position.NOW_S, abs=2)


def test_a_closed_provider_makes_the_start_unknown(make_job: MakeJob, settings: Settings) -> None:
    ProviderTrouble.objects.create(
        provider=settings.PROVIDERS[0].name, kind="account", until=Now() + timedelta(minutes=9)
    )

    place = placed(make_job())

    assert place.closed is not None
    assert (place.starts_in_low_s, place.starts_in_high_s) == (None, None)


def test_a_pause_says_so_and_moves_the_start(make_job: MakeJob, settings: Settings) -> None:
    rate_limiter.pause(settings.PROVIDERS[0], 60)

    place = placed(make_job())

    assert place.reason is Reason.PAUSE
    assert place.starts_in_low_s is not None
    assert place.starts_in_low_s > 55


def test_a_job_that_failed_says_when_it_is_tried_again(make_job: MakeJob) -> None:
    job = make_job(attempt=1, error_code="unreachable", run_after=Now() + timedelta(seconds=30))

    assert placed(job).retry_at == job.run_after


def test_a_job_of_a_service_that_is_gone_has_a_place_too(make_job: MakeJob) -> None:
    assert placed(make_job(provider="gone")).ahead == 0


@pytest.mark.parametrize(
    ("mine", "depths", "ahead"),
    [
        (0, {"her": Depth(50, 0)}, 1),
        (2, {"her": Depth(50, 0)}, 3),
        (2, {"her": Depth(1, 0)}, 1),
        (0, {"her": Depth(50, 5)}, 0),
        (0, {"me": Depth(1, 3), "her": Depth(50, 1)}, 3),
        (0, {"her": Depth(9, 0), "him": Depth(9, 0)}, 2),
    ],
)
def test_others_go_first_until_they_have_as_many_at_work(
    mine: int, depths: dict[str, Depth], ahead: int
) -> None:
    assert position.ahead_of(mine, line(0, rate_limiter.UNLIMITED, **depths), ME) == ahead


def test_with_a_place_free_it_starts_now() -> None:
    provider = replace(PLAIN, max_concurrency=2)

    assert position.starts_in(0, line(her=Depth(0, 1)), provider, TAKES_S) == (0.0, position.NOW_S)


@pytest.mark.parametrize(
    ("ahead", "expected"), [(0, (0.0, 33.0)), (1, (5.0, 33.0)), (2, (10.0, 63.0))]
)
def test_with_all_places_taken_it_waits_for_calls_to_end(
    ahead: int, expected: tuple[float, float]
) -> None:
    provider = replace(PLAIN, max_concurrency=2)

    assert position.starts_in(ahead, line(her=Depth(0, 2)), provider, TAKES_S) == expected


def test_a_limit_of_a_minute_spreads_what_waits() -> None:
    provider = replace(PLAIN, requests_per_minute=6)
    view = rate_limiter.View(0, 10.0, Reason.REQUESTS)

    low_s, high_s = position.starts_in(3, line(view=view, her=Depth(3, 0)), provider, TAKES_S)

    assert (low_s, high_s) == (40.0, 40.0 + position.NOW_S)


def test_calls_to_other_providers_take_threads_away(settings: Settings) -> None:
    settings.WORKERS, settings.WORKER_THREADS = 1, 10

    busy = line(running_elsewhere=9, her=Depth(0, 1))

    assert position.starts_in(0, busy, PLAIN, TAKES_S) == (0.0, 33.0)
