"""Memory budget of decoding: large pictures wait for each other, small ones do not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """Safe from any thread. What is larger than all of it goes when it is alone."""

    def __init__(self, total_bytes: int) -> None:
        self._total_bytes = total_bytes
        self._used_bytes = 0
        self._is_freed = threading.Condition()

    @contextmanager
    def taken(self, byte_count: int) -> Iterator[None]:
        """Wait until there is so much, and give it back behind."""
        with self._is_freed:
            self._is_freed.wait_for(lambda: self._has_room_for(byte_count))
            self._used_bytes += byte_count
        try:
            yield
        finally:
            with self._is_freed:
                self._used_bytes -= byte_count
                self._is_freed.notify_all()

    def _has_room_for(self, byte_count: int) -> bool:
        return not self._used_bytes or self._used_bytes + byte_count <= self._total_bytes
