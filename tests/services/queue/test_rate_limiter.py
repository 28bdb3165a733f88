"""The limits that all workers share, against a real Valkey."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from pytest_django import Settings

from imagestudio.images_api.providers import Provider
from jobs.services.queue import rate_limiter
from jobs.services.queue.provider_limits import Reason, Share

ROOT = Path(__file__).resolve().parents[3]
PLAIN = Provider("openai", "https://images.example/v1", "sk-test")
NOWHERE = "redis://127.0.0.1:9/0"


def limited(**limits: Any) -> Provider:
    return replace(PLAIN, **limits)


def ask(provider: Provider, call: str = "a", images: int = 1, cost: int = 0) -> Reason | None:
    return rate_limiter.ask(provider, call, images, cost).reason


@pytest.fixture(autouse=True)
def own_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that a test leaves in flight are not kept up behind it."""
    monkeypatch.setattr(rate_limiter, "_share", Share())


@pytest.fixture(autouse=True)
def asked_valkey(settings: Settings, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A script that fails is answered by the share, so its failure must not go unseen here."""
    yield
    if settings.REDIS_URL != NOWHERE:
        assert "can't be asked" not in caplog.text


@pytest.fixture
def valkey(settings: Settings) -> Iterator[redis.Redis]:
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
        yield client


def keys_of(provider: Provider, settings: Settings) -> tuple[str, str]:
    key = f"{settings.CACHES['default']['KEY_PREFIX']}:pace:{{{provider.name}}}"
    return key, f"{key}:calls"


def test_a_provider_without_limits_may_always_be_asked() -> None:
    assert [ask(PLAIN) for _ in range(50)] == [None] * 50


def test_it_keeps_to_the_requests_a_minute() -> None:
    provider = limited(requests_per_minute=2)

    assert [ask(provider) for _ in range(3)] == [None, None, Reason.REQUESTS]


def test_it_says_when_the_next_request_may_go() -> None:
    provider = limited(requests_per_minute=2)
    for _ in range(2):
        ask(provider)

    assert 0 < rate_limiter.ask(provider, "a", 1, 0).wait_s <= 30


def test_it_counts_pictures_not_calls_alone() -> None:
    provider = limited(images_per_minute=4)

    assert ask(provider, images=3) is None
    assert ask(provider, images=2) is Reason.IMAGES
    assert ask(provider, images=1) is None


def test_a_job_above_the_whole_limit_goes_when_nothing_else_went() -> None:
    provider = limited(images_per_minute=4)

    assert ask(provider, images=10) is None
    assert rate_limiter.ask(provider, "b", 1, 0).wait_s > 60


def test_a_refusal_takes_nothing_of_the_other_limits() -> None:
    provider = limited(requests_per_minute=2, images_per_minute=1)
    ask(provider)
    ask(provider)
    ask(provider)

    assert ask(limited(requests_per_minute=2)) is None


def test_it_keeps_to_the_spend_of_an_hour() -> None:
    provider = limited(max_spend_microusd_per_hour=1_000_000)

    assert ask(provider, cost=600_000) is None
    assert ask(provider, cost=600_000) is Reason.SPEND


def test_what_a_call_did_not_cost_is_given_back() -> None:
    provider = limited(max_spend_microusd_per_hour=1_000_000)
    ask(provider, "a", cost=600_000)

    rate_limiter.leave(provider, "a", more_microusd=-500_000)

    assert ask(provider, "b", cost=600_000) is None


def test_what_a_call_cost_above_its_estimate_is_taken() -> None:
    provider = limited(max_spend_microusd_per_hour=1_000_000)
    ask(provider, "a", cost=100_000)

    rate_limiter.leave(provider, "a", more_microusd=800_000)

    assert ask(provider, "b", cost=200_000) is Reason.SPEND


def test_it_keeps_to_the_calls_at_once() -> None:
    provider = limited(max_concurrency=2)

    assert [ask(provider, token) for token in "abc"] == [None, None, Reason.CALLS]


def test_a_call_that_ended_makes_room() -> None:
    provider = limited(max_concurrency=1)
    ask(provider, "a")

    rate_limiter.leave(provider, "a")

    assert ask(provider, "b") is None


def test_of_many_threads_just_so_many_get_a_place() -> None:
    provider, barrier = limited(max_concurrency=5), threading.Barrier(20)
    said: list[Reason | None] = []

    def try_it(number: int) -> None:
        barrier.wait()
        said.append(ask(provider, str(number)))

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert said.count(None) == 5


def test_the_place_of_a_dead_process_becomes_free(settings: Settings, valkey: redis.Redis) -> None:
    provider = limited(max_concurrency=1)
    ask(provider, "a")
    # Its process renews nothing any more, and its lease ends.
    valkey.zadd(keys_of(provider, settings)[1], {"a": time.time() * 1000 - 1})

    assert ask(provider, "b") is None


def test_calls_in_flight_are_told_again_after_a_flush(
    settings: Settings, valkey: redis.Redis
) -> None:
    provider = limited(max_concurrency=1)
    ask(provider, "a")
    valkey.delete(*keys_of(provider, settings))

    rate_limiter.renew()

    assert ask(provider, "b") is Reason.CALLS


def test_a_pause_stops_every_call() -> None:
    rate_limiter.pause(PLAIN, 30)

    answer = rate_limiter.ask(PLAIN, "a", 1, 0)

    assert answer.reason is Reason.PAUSE
    assert 29 < answer.wait_s <= 33


def test_a_pause_of_one_provider_leaves_the_others_alone() -> None:
    rate_limiter.pause(PLAIN, 30)

    assert ask(replace(PLAIN, name="azure")) is None


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    rate_limiter.pause(PLAIN, 30)
    rate_limiter.pause(PLAIN, 1)

    assert rate_limiter.ask(PLAIN, "a", 1, 0).wait_s > 20


def test_a_pause_of_no_length_lasts_a_moment_all_the_same() -> None:
    assert rate_limiter.pause(PLAIN, 0) >= rate_limiter.MIN_PAUSE_S


def test_refusals_of_one_moment_make_no_longer_pause(settings: Settings) -> None:
    settings.RETRY_BASE_S = 8.0

    pauses = [rate_limiter.pause(PLAIN, None) for _ in range(20)]

    assert max(pauses) <= 16


def test_a_pause_without_a_length_grows_until_a_call_goes_well(settings: Settings) -> None:
    settings.RETRY_BASE_S = 0.01
    lengths = []
    for _ in range(3):
        lengths.append(rate_limiter.pause(PLAIN, None))
        time.sleep(lengths[-1] + 0.005)

    rate_limiter.went_well(PLAIN)

    assert lengths[0] < lengths[1] < lengths[2]
    assert rate_limiter.pause(PLAIN, None) == lengths[0]


IN_ANOTHER_PROCESS = """
import sys, django
django.setup()
from django.conf import settings
from imagestudio.images_api.providers import Provider
from jobs.services.queue import rate_limiter
settings.CACHES["default"]["KEY_PREFIX"] = sys.argv[1]
answer = rate_limiter.ask(Provider("openai", "https://images.example/v1", "sk-test"), "b", 1, 0)
print(answer.reason)
"""


@pytest.mark.slow
def test_a_pause_is_seen_by_other_processes(settings: Settings) -> None:
    rate_limiter.pause(PLAIN, 60)

    prefix = settings.CACHES["default"]["KEY_PREFIX"]
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, prefix]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "pause"


def away(settings: Settings, workers: int = 1) -> None:
    settings.REDIS_URL, settings.WORKERS = NOWHERE, workers


def test_without_valkey_it_keeps_to_its_share(settings: Settings) -> None:
    provider = limited(requests_per_minute=60)
    away(settings, workers=5)

    said = [ask(provider) for _ in range(60)]

    # A sixth of a minute's worth at once, of the fifth that is its own.
    assert said.count(None) == 2


def test_without_valkey_a_lone_worker_still_makes_one_call(settings: Settings) -> None:
    provider = limited(requests_per_minute=1, images_per_minute=1, max_concurrency=1)
    away(settings, workers=8)

    assert [ask(provider, "a"), ask(provider, "b")] == [None, Reason.REQUESTS]


def test_without_valkey_places_are_counted_in_the_process(settings: Settings) -> None:
    provider = limited(max_concurrency=4)
    away(settings, workers=2)

    said = [ask(provider, token) for token in "abc"]
    rate_limiter.leave(provider, "a")

    assert said == [None, None, Reason.CALLS]
    assert ask(provider, "d") is None


def test_a_pause_is_remembered_when_valkey_goes_away(settings: Settings) -> None:
    rate_limiter.pause(PLAIN, 60)
    away(settings)

    assert ask(PLAIN) is Reason.PAUSE


def test_without_valkey_a_pause_is_kept_all_the_same(settings: Settings) -> None:
    away(settings)

    rate_limiter.pause(PLAIN, 60)

    assert ask(PLAIN) is Reason.PAUSE


@pytest.mark.parametrize(
    ("limits", "asked", "room", "reason"),
    [
        ({}, 3, rate_limiter.UNLIMITED.room, None),
        ({"max_concurrency": 5}, 2, 3, Reason.CALLS),
        ({"requests_per_minute": 10}, 4, 6, Reason.REQUESTS),
        ({"images_per_minute": 2}, 2, 0, Reason.IMAGES),
        ({"requests_per_minute": 10, "max_concurrency": 3}, 1, 2, Reason.CALLS),
    ],
)
def test_a_look_tells_how_many_may_go(
    limits: dict[str, Any], asked: int, room: int, reason: Reason | None
) -> None:
    provider = limited(**limits)
    for number in range(asked):
        ask(provider, str(number))

    view = rate_limiter.look(provider)

    assert (view.room, view.reason) == (room, reason)


def test_a_look_takes_nothing() -> None:
    provider = limited(requests_per_minute=1)

    for _ in range(3):
        rate_limiter.look(provider)

    assert ask(provider) is None


def test_who_has_a_place_is_not_in_its_own_way() -> None:
    provider = limited(max_concurrency=1)
    ask(provider, "a")

    assert ask(provider, "a") is None


def test_a_call_that_was_not_made_is_given_back() -> None:
    provider = limited(requests_per_minute=1, images_per_minute=4)
    ask(provider, "a", images=4)

    rate_limiter.leave(provider, "a", unsent_images=4)

    assert ask(provider, "b", images=4) is None


def test_a_thread_that_never_comes_back_loses_its_place(
    settings: Settings, valkey: redis.Redis
) -> None:
    provider = limited(max_concurrency=1)
    ask(provider, "a")
    valkey.delete(*keys_of(provider, settings))
    settings.CALL_DEADLINE_S = settings.LEASE_S = 0

    rate_limiter.renew()

    assert ask(provider, "b") is None
