"""The limits of a provider as plain numbers, and a process's own share of them."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum

from imagestudio.images_api.providers import Provider
from imagestudio.web.token_bucket import MINUTE_MS, Bucket, LocalBuckets

HOUR_MS = 60 * MINUTE_MS
# Alone, a process does not know what the others sent, so a quiet minute gives no right to a burst.
LONELY_BURST = 1 / 6
CALLS_WAIT_MS = 1000.0  # Nobody knows when a call ends; asking again costs little.


class Reason(StrEnum):
    """Why a call may not be made yet."""

    PAUSE = "pause"  # The provider asked for it.
    CALLS = "calls"
    REQUESTS = "requests"
    IMAGES = "images"
    SPEND = "spend"


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether a call may be made now; if not, why and when to ask again."""

    wait_s: float = 0.0
    reason: Reason | None = None

    @property
    def is_yes(self) -> bool:
        return self.reason is None


def buckets(
    provider: Provider, images: int, cost_microusd: int, *, requests: int = 1
) -> list[Bucket]:
    """The limits that the provider has, and what a call takes of each."""
    limits = (
        (Reason.REQUESTS, provider.requests_per_minute, MINUTE_MS, requests),
        (Reason.IMAGES, provider.images_per_minute, MINUTE_MS, images),
        (Reason.SPEND, provider.max_spend_microusd_per_hour, HOUR_MS, cost_microusd),
    )
    return [
        Bucket(reason.value, period_ms / limit * amount, period_ms)
        for reason, limit, period_ms, amount in limits
        if limit
    ]


class Share:
    """What one process may do while nobody knows of the others: its part of every limit."""

    def __init__(self) -> None:
        self._buckets = LocalBuckets()
        self._paused_until_ms: dict[str, float] = {}
        self._calls: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._lock = threading.Lock()

    def ask(
        self, key: str, wanted: list[Bucket], most_calls: int | None, workers: int, now_ms: float
    ) -> Permit:
        with self._lock:
            waits = [(self._paused_until_ms.get(key, 0.0) - now_ms, Reason.PAUSE)]
            if most_calls and len(self._calls[key]) >= max(1, most_calls // workers):
                waits.append((CALLS_WAIT_MS, Reason.CALLS))
            mine = [
                replace(bucket.part_of(workers, burst=LONELY_BURST), name=f"{key}:{bucket.name}")
                for bucket in wanted
            ]
            reasons = (Reason(bucket.name) for bucket in wanted)
            waits += zip(self._buckets.waits_ms(mine, now_ms), reasons, strict=True)
            wait_ms, reason = max(waits)
            if wait_ms > 0:
                return Permit(wait_ms / 1000, reason)
            self._buckets.take(mine, now_ms)
            return Permit()

    def pause(self, key: str, until_ms: float) -> None:
        with self._lock:
            self._paused_until_ms[key] = max(until_ms, self._paused_until_ms.get(key, 0.0))

    def is_after_pause(self, key: str, now_ms: float) -> bool:
        """Whether a pause ended since this was asked last."""
        with self._lock:
            if not 0 < self._paused_until_ms.get(key, 0.0) <= now_ms:
                return False
            del self._paused_until_ms[key]
            return True

    def begin(self, key: str, token: str, now_ms: float) -> None:
        with self._lock:
            self._calls[key][token] = now_ms

    def end(self, key: str, token: str) -> None:
        with self._lock:
            self._calls[key].pop(token, None)
            if not self._calls[key]:
                del self._calls[key]

    def calls(self, since_ms: float) -> dict[str, list[str]]:
        """The calls of this process that were begun since and are in flight, by provider."""
        with self._lock:
            return {
                key: [token for token, began_ms in calls.items() if began_ms >= since_ms]
                for key, calls in self._calls.items()
            }
