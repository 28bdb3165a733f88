from collections.abc import Callable
from typing import Any, TypeVar

import redis
from django.core.cache.backends.redis import RedisCache

# Full, or turned into a copy that only reads, it is of no more use than one that is away.
AWAY = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
)
Answer = TypeVar("Answer")


class ForgivingRedisCache(RedisCache):
    """A cache that is merely empty while its server is away.

    For sessions, whose truth is in PostgreSQL. Never for limits: those must not open up.
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        read = super().get
        return _unless_away(lambda: read(key, default, version), default)

    def set(
        self, key: Any, value: Any, timeout: Any = None, version: int | None = None, **extra: Any
    ) -> None:
        save = super().set
        _unless_away(lambda: save(key, value, timeout, version, **extra), None)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        ask = super().has_key
        return _unless_away(lambda: ask(key, version), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        remove = super().delete
        return _unless_away(lambda: remove(key, version), False)


def _unless_away(ask: Callable[[], Answer], otherwise: Answer) -> Answer:
    try:
        return ask()
    except AWAY:
        return otherwise
