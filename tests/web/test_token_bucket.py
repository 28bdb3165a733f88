"""Token buckets: Valkey's script and the local twin say the same of the same uses."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from django.conf import settings

from imagestudio.web import token_bucket, valkey
from imagestudio.web.token_bucket import ARITHMETIC, MINUTE_MS, Bucket, LocalBuckets

REQUESTS = Bucket("requests", 10_000, MINUTE_MS)
PICTURES = Bucket("pictures", 25_000, MINUTE_MS)
WAIT = ARITHMETIC + "return moment(bucket_wait(now + ARGV[1], ARGV[2], ARGV[3]))"
TAKEN = ARITHMETIC + "return moment(taken_until(ARGV[1]) - now)"


def uses(local: LocalBuckets, bucket: Bucket, now_ms: float) -> bool:
    """Take of it when there is room, as whoever owns it does."""
    [wait_ms] = local.waits_ms([bucket], now_ms)
    if wait_ms <= 0:
        local.take([bucket], now_ms)
    return wait_ms <= 0


def test_a_bucket_holds_so_much_at_once_and_fills_again_with_time() -> None:
    local = LocalBuckets()

    at_once = [uses(local, REQUESTS, 1_000) for _ in range(7)]
    later = [uses(local, REQUESTS, 1_000 + moment) for moment in (9_999, 10_000, 10_001, 70_000)]

    assert at_once == [True] * 6 + [False]
    assert later == [False, True, False, True]


def test_a_use_larger_than_the_bucket_goes_when_nothing_else_went() -> None:
    local, large = LocalBuckets(), replace(REQUESTS, takes_ms=150_000)

    assert uses(local, large, 0)
    assert local.waits_ms([large], 0) == [150_000]
    assert local.waits_ms([REQUESTS], 0) == [100_000]
    assert not uses(local, large, 149_999)
    assert uses(local, large, 150_000)


def test_buckets_of_other_names_are_others() -> None:
    local = LocalBuckets()
    local.take([REQUESTS], 0)

    assert local.taken_ms(REQUESTS, 0) == 10_000
    assert local.taken_ms(PICTURES, 0) == 0


@pytest.mark.parametrize(("processes", "most"), [(1, 6), (2, 3), (3, 2), (9, 1)])
def test_a_part_of_it_is_never_nothing(processes: int, most: int) -> None:
    local, mine = LocalBuckets(), REQUESTS.part_of(processes)

    assert sum(uses(local, mine, 0) for _ in range(10)) == most


def test_a_part_may_have_less_at_once() -> None:
    local, mine = LocalBuckets(), REQUESTS.part_of(1, burst=1 / 3)

    assert [uses(local, mine, 0) for _ in range(3)] == [True, True, False]


def test_names_that_strangers_make_up_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_bucket, "MAX_REMEMBERED", 10)
    local = LocalBuckets()

    for number in range(100):
        local.take([replace(REQUESTS, name=str(number))], 0)

    assert len(local._until_ms) <= 11


def test_valkey_and_the_twin_have_one_arithmetic() -> None:
    ask = valkey.client(settings.CACHE_URL).register_script(WAIT)
    chance = random.Random(7)  # noqa: S311 - any numbers will do

    for _ in range(50):
        taken_ms, takes_ms, burst_ms = (chance.uniform(0, 200_000) for _ in range(3))
        mine = Bucket("any", takes_ms, burst_ms).wait_ms(taken_ms)

        assert float(ask(args=[taken_ms, takes_ms, burst_ms])) == pytest.approx(mine, abs=0.01)


@pytest.mark.parametrize("stored", ["0", "1000.5"])
def test_in_valkey_what_is_past_is_taken_no_more(stored: str) -> None:
    ask = valkey.client(settings.CACHE_URL).register_script(TAKEN)

    assert float(ask(args=[stored])) == 0
