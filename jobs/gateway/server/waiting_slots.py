"""Slots for waiting requests: how many at the same time, for all together and for one member."""

from __future__ import annotations

import threading
from collections import Counter
from uuid import UUID

from django.conf import settings

from jobs.gateway.api.errors import ApiError
from jobs.gateway.api.ready_made import TOO_MANY, TOO_MANY_OF_YOURS

SHARES = 4  # Nobody has more than one of so many.


class WaitingSlots:
    """Taken before a job is ordered: whoever can't wait must not have paid for it yet."""

    def __init__(self) -> None:
        self._taken: Counter[UUID] = Counter()
        self._lock = threading.Lock()

    def take(self, owner_id: UUID) -> None:
        most = int(settings.GATEWAY_MAX_PENDING)
        with self._lock:
            if self._taken.total() >= most:
                raise ApiError(TOO_MANY)
            if self._taken[owner_id] >= max(1, most // SHARES):
                raise ApiError(TOO_MANY_OF_YOURS)
            self._taken[owner_id] += 1

    def give_back(self, owner_id: UUID) -> None:
        with self._lock:
            self._taken[owner_id] -= 1
            if self._taken[owner_id] <= 0:
                del self._taken[owner_id]
