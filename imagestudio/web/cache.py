from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache

from imagestudio.web.away import AwayGate
from imagestudio.web.valkey import AWAY

AWAY_S = 5.0
Answer = TypeVar("Answer")


class ForgivingRedisCache(RedisCache):
    """A cache that is merely empty while its server is away.

    For sessions, whose truth is in PostgreSQL. Never for limits: those must not open up.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._server = str(server)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        read = super().get
        return _unless_away(self._server, lambda: read(key, default, version), default)

    def set(
        self, key: Any, value: Any, timeout: Any = None, version: int | None = None, **extra: Any
    ) -> None:
        save = super().set
        _unless_away(self._server, lambda: save(key, value, timeout, version, **extra), None)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        ask = super().has_key
        return _unless_away(self._server, lambda: ask(key, version), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        remove = super().delete
        return _unless_away(self._server, lambda: remove(key, version), False)


_gate = AwayGate(AWAY_S)


def _unless_away(server: str, question: Callable[[], Answer], otherwise: Answer) -> Answer:
    try:
        return _gate.ask(server, question, otherwise, failures=AWAY)
    except ValueError:
        # Somebody else wrote it, or an older version did: PostgreSQL knows what is true.
        return otherwise
