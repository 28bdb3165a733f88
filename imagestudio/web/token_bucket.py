"""Token buckets, counted as time: for all processes in Valkey, and for one alone in its local twin.

A bucket is taken until a moment. Whoever takes of it moves that moment on, and may as long as it
lies no further ahead than the bucket is deep. (Elsewhere this is called GCRA.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from imagestudio.web.statements import statement

MINUTE_MS = 60_000.0
MAX_REMEMBERED = 10_000
# Goes before each script that counts in buckets.
ARITHMETIC = statement(__package__, "token_bucket.lua")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A limit as time: what one use takes of it, and how much may be taken at once."""

    name: str
    takes_ms: float
    burst_ms: float

    def wait_ms(self, taken_ms: float) -> float:
        """How long until it has room, when so much is taken; none where this is not above zero.

        A use that is larger than the whole bucket may be made when nothing else is taken.
        """
        return taken_ms + min(self.takes_ms - self.burst_ms, 0.0)

    def part_of(self, processes: int, *, burst: float = 1.0) -> Bucket:
        """The same for one of so many processes that do not know of each other."""
        return replace(self, takes_ms=self.takes_ms * processes, burst_ms=self.burst_ms * burst)


class LocalBuckets:
    """What one process has taken of its buckets, by their names. Whoever owns it locks."""

    def __init__(self) -> None:
        self._until_ms: dict[str, float] = {}

    def taken_ms(self, bucket: Bucket, now_ms: float) -> float:
        return max(0.0, self._until_ms.get(bucket.name, 0.0) - now_ms)

    def waits_ms(self, buckets: Iterable[Bucket], now_ms: float) -> list[float]:
        return [bucket.wait_ms(self.taken_ms(bucket, now_ms)) for bucket in buckets]

    def take(self, buckets: Sequence[Bucket], now_ms: float) -> None:
        if len(self._until_ms) > MAX_REMEMBERED:
            self._until_ms.clear()
        for bucket in buckets:
            until_ms = now_ms + self.taken_ms(bucket, now_ms) + bucket.takes_ms
            self._until_ms[bucket.name] = until_ms
