"""Quota of body bytes that each member has on our disk at this moment, in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from imagestudio.web.chunked import Message, Receive


class TooMuch(Exception):
    """This member has as much on its way in as one may have."""


class InFlight:
    """Of one event loop."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._bytes: Counter[Hashable] = Counter()

    def of(self, member: Hashable) -> BytesTaken:
        return BytesTaken(self, member)

    def _take(self, member: Hashable, byte_count: int) -> None:
        if self._bytes[member] + byte_count > self.most_bytes:
            raise TooMuch
        self._bytes[member] += byte_count

    def _give_back(self, member: Hashable, byte_count: int) -> None:
        self._bytes[member] -= byte_count
        if self._bytes[member] <= 0:
            del self._bytes[member]


class BytesTaken:
    """What one request has taken; all of it is given back at the end of the block."""

    def __init__(self, all_of_them: InFlight, member: Hashable) -> None:
        self._all = all_of_them
        self._member = member
        self._taken = 0

    def __enter__(self) -> BytesTaken:
        return self

    def __exit__(self, *exception: object) -> None:
        self._all._give_back(self._member, self._taken)

    def reach(self, byte_count: int) -> None:
        """Have so many in all, if there is room for them."""
        more = byte_count - self._taken
        if more > 0:
            self._all._take(self._member, more)
            self._taken = byte_count


def counted(receive: Receive, bytes_taken: BytesTaken) -> Receive:
    """The body as it comes, as far as there is room for it; else TooMuch."""
    taken = 0

    async def take() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        bytes_taken.reach(taken)
        return message

    return take
