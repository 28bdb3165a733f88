"""Valkey for those who can do without its answer: asked once, for a second at most.

The library by itself tries three times, which a page or a claim can't wait for.
"""

from functools import cache
from typing import Any, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECTIONS = 32
# Full, or turned into a copy that only reads, it is of no more use than one that is away.
AWAY = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
)
# Whatever it may say in place of doing what it was asked.
FAILED = (redis.RedisError, OSError)


def client(url: str) -> redis.Redis:
    return redis.Redis(connection_pool=_pool(url))


class SharedPool(redis.BlockingConnectionPool):
    """The `pool_class` of the caches: the process has one pool for a server.

    Django makes its caches anew in each request's context, and with them came new connections.
    """

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        return _pool(url)  # type: ignore[return-value]


@cache
def _pool(url: str) -> redis.BlockingConnectionPool:
    return redis.BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=1,
        socket_timeout=1,
        socket_connect_timeout=1,
        retry=Retry(NoBackoff(), 0),
    )
