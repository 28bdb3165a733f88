"""Rate limits of the gateway, for a key, its owner and an address; by Valkey's clock.

While that is away, each process counts for itself with its part of every limit: never unlimited.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from imagestudio.accounts.models import ApiKey
from imagestudio.web import valkey
from imagestudio.web.away import AwayGate
from imagestudio.web.household import household
from imagestudio.web.statements import statement
from imagestudio.web.token_bucket import ARITHMETIC, MINUTE_MS, Bucket, LocalBuckets
from jobs.gateway.api.errors import ApiError, ErrorAnswer

logger = logging.getLogger(__name__)

AWAY_S = 5.0
WRONG_KEYS_PER_MINUTE = 30

TAKE = ARITHMETIC + statement(__package__, "take.lua")
# As the script answers: the number of the bucket from 0, milliseconds, milliseconds.
Found = tuple[int, float, float]


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate limit: the name of its bucket, how many a minute, and the unit in its message."""

    name: str
    per_minute: int
    unit: str = "requests a minute"

    @property
    def bucket(self) -> Bucket:
        return Bucket(self.name, MINUTE_MS / self.per_minute, MINUTE_MS)


@dataclass(frozen=True, slots=True)
class Left:
    """What a limit leaves after this request: the first, or the one that refused it."""

    limit: Limit
    wait_s: float
    used_ms: float

    def headers(self) -> dict[str, str]:
        room = math.floor((MINUTE_MS - self.used_ms) / self.limit.bucket.takes_ms + 1e-6)
        return {
            "x-ratelimit-limit-requests": str(self.limit.per_minute),
            "x-ratelimit-remaining-requests": str(max(0, room)),
            "x-ratelimit-reset-requests": f"{max(0.0, self.used_ms) / 1000:.3f}s",
        }


def take(key: ApiKey) -> dict[str, str]:
    """Count a request of this key and its owner; the headers that tell, or ApiError with 429."""
    own = key.requests_per_minute or settings.GATEWAY_KEY_REQUESTS_PER_MINUTE
    all_of_them = settings.GATEWAY_MEMBER_REQUESTS_PER_MINUTE
    left = _take(
        (
            Limit(f"key:{key.pk}", own, "requests a minute with this key"),
            Limit(f"member:{key.owner_id}", all_of_them, "requests a minute with all your keys"),
        )
    )
    if left.wait_s > 0:
        many = f"{left.limit.per_minute} {left.limit.unit}"
        message = f"More than {many}. Try again in {left.wait_s:.1f} s."
        raise ApiError(_slow_down(message, left.wait_s, left.headers()))
    return left.headers()


def note_wrong_key(address: str) -> None:
    """Count it, and answer 429 instead when there were many from this address lately.

    Right keys are not held up by wrong ones: a whole office may share an address.
    """
    left = _take((Limit(f"address:{household(address)}", WRONG_KEYS_PER_MINUTE),))
    if left.wait_s > 0:
        raise ApiError(_slow_down("Too many wrong keys from this address.", left.wait_s, {}))


def _slow_down(message: str, wait_s: float, headers: dict[str, str]) -> ErrorAnswer:
    return ErrorAnswer(
        status=429,
        message=message,
        code="rate_limit_exceeded",
        again=True,
        retry_after_s=wait_s,
        headers=headers,
    )


def _take(limits: Sequence[Limit]) -> Left:
    found = _shared.take(limits)
    if found is None:
        found = _own.take(limits)
    told, wait_ms, used_ms = found
    return Left(limits[told], wait_ms / 1000, used_ms)


class _Shared:
    """The buckets in Valkey, and how long it is left alone after it did not answer."""

    def __init__(self) -> None:
        self._gate = AwayGate(AWAY_S)

    def take(self, limits: Sequence[Limit]) -> Found | None:
        prefix = f"{settings.CACHES['default']['KEY_PREFIX']}:{{gateway}}"
        buckets = [limit.bucket for limit in limits]
        keys = [f"{prefix}:{bucket.name}" for bucket in buckets]
        arguments = [number for each in buckets for number in (each.takes_ms, each.burst_ms)]

        def ask() -> Found:
            script = valkey.client(settings.CACHE_URL).register_script(TAKE)
            told, wait, used = script(keys, arguments)
            return int(told) - 1, float(wait), float(used)

        return self._gate.ask(settings.CACHE_URL, ask, None, failures=valkey.FAILED, tell=_warn)


def _warn(error: Exception) -> None:
    logger.warning("the gateway counts alone for now: %s", type(error).__name__)


class _Own:
    """The same for one process alone."""

    def __init__(self) -> None:
        self._buckets = LocalBuckets()
        self._lock = threading.Lock()

    def take(self, limits: Sequence[Limit]) -> Found:
        now_ms = time.monotonic() * 1000
        buckets = [limit.bucket.part_of(settings.WEB_PROCESSES) for limit in limits]
        with self._lock:
            waits_ms = self._buckets.waits_ms(buckets, now_ms)
            wait_ms = max(waits_ms)
            told = waits_ms.index(wait_ms) if wait_ms > 0 else 0
            if wait_ms <= 0:
                self._buckets.take(buckets, now_ms)
            return told, max(0.0, wait_ms), self._buckets.taken_ms(buckets[told], now_ms)


_shared, _own = _Shared(), _Own()
