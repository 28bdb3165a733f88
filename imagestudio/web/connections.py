"""All connections of one process: how many there may be, from whom, and how long each may idle.

When there is no room, the address that has most gives up one that has not asked for anything yet.
So silent connections never keep anybody out, wherever they come from.
"""

from __future__ import annotations

import asyncio
import resource
from collections import defaultdict
from typing import Protocol

from django.conf import settings

from imagestudio.web.household import household

LOOK_EVERY_S = 1.0


class Connection(Protocol):
    """What is asked of a connection here."""

    client: tuple[str, int] | None

    @property
    def is_idle(self) -> bool:
        """Whether no whole request of it is being worked on."""

    def look_at_clock(self, now: float) -> None:
        """Close what has waited too long."""

    def abort(self) -> None: ...


class Connections:
    """Belongs to one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._most = most_connections()
        # By household, the oldest first.
        self._of: defaultdict[str, dict[Connection, None]] = defaultdict(dict)
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def admit(self, newcomer: Connection) -> bool:
        """Take it among the others; False when nobody can make room for it."""
        name = _household(newcomer)
        if self._count >= self._most and not self._make_room(len(self._of.get(name, ()))):
            return False
        self._of[name][newcomer] = None
        self._count += 1
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_EVERY_S, self._look)
        return True

    def leave(self, one: Connection) -> None:
        name = _household(one)
        crowd = self._of.get(name, {})
        if one in crowd:
            del crowd[one]
            self._count -= 1
            if not crowd:
                del self._of[name]

    def _make_room(self, own_size: int) -> bool:
        """Nobody makes room for who has more connections already."""
        crowds = sorted((c for c in self._of.values() if len(c) >= own_size), key=len, reverse=True)
        idler = next((each for crowd in crowds for each in crowd if each.is_idle), None)
        if idler is None:
            return False
        self.leave(idler)
        idler.abort()
        return True

    def _look(self) -> None:
        now = self._loop.time()
        for crowd in list(self._of.values()):
            for each in list(crowd):
                each.look_at_clock(now)
        self._timer = self._loop.call_later(LOOK_EVERY_S, self._look) if self._count else None


def most_connections() -> int:
    """As many as were set, and no more than half of what the system lets one process open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = int(settings.MAX_CONNECTIONS)
    return most if files == resource.RLIM_INFINITY else min(most, files // 2)


def _household(one: Connection) -> str:
    return household(one.client[0]) if one.client else ""
