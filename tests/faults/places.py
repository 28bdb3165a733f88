"""The places of the provider's shared concurrency: none is taken at rest, and all can be."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tests.faults.ledger import after

if TYPE_CHECKING:
    from tests.faults.rig import Rig

EVERY_PLACE = "*:pace:*:calls"
FORGOTTEN_AFTER_S = 30.0  # The place of a process that died, by `pace.LEASE_MS`.
GRACE_S = 5.0  # From the row that ends a job to the place that its thread gives back.
TOGETHER_S = 20.0


def forget(rig: Rig) -> None:
    """The dead of one row take no place from the next; whoever lives on says so again."""
    with rig.broker() as broker:
        for key in broker.scan_iter(EVERY_PLACE):
            broker.delete(key)


def still_taken(rig: Rig) -> list[str]:
    """The places that are taken though nothing runs, and that nobody who died can have left."""
    until = time.monotonic() + GRACE_S
    while (taken := _taken(rig)) and time.monotonic() < until:
        time.sleep(0.1)
    return taken


def can_all_be_taken(rig: Rig, count: int, within_s: float = TOGETHER_S) -> bool:
    """Whether so many jobs run at once: none is answered before all of them have asked."""
    together = threading.Barrier(count)

    def meet() -> None:
        try:
            together.wait(within_s)
        except threading.BrokenBarrierError:
            return

    sent = [rig.submit(after(meet)) for _ in range(count)]
    rig.wait_for_all(sent)
    return not together.broken


def _taken(rig: Rig) -> list[str]:
    # Who died, or could not say so, takes its places along for as long as their renewal lasts.
    last_trouble = max(rig.last_death, rig.broker_proxy.last_trouble)
    by_the_dead = last_trouble + FORGOTTEN_AFTER_S
    now = time.time()
    with rig.broker() as broker:
        return [
            token.decode()
            for key in broker.scan_iter(EVERY_PLACE)
            for token, until in broker.zrange(key, 0, -1, withscores=True)
            if until / 1000 > max(now, by_the_dead)
        ]
