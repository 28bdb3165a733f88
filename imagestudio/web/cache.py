from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache

AWAY = (redis.ConnectionError, redis.TimeoutError)


class ForgivingRedisCache(RedisCache):
    """A cache that is merely empty while its server is away.

    For sessions, whose truth is in PostgreSQL. Never for limits: those must not open up.
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except AWAY:
            return default

    def set(
        self, key: Any, value: Any, timeout: Any = None, version: int | None = None, **extra: Any
    ) -> None:
        try:
            super().set(key, value, timeout, version, **extra)
        except AWAY:
            return

    def delete(self, key: Any, version: int | None = None) -> bool:
        try:
            return super().delete(key, version)
        except AWAY:
            return False
