"""Valkey for those who can do without its answer: asked once, for a second at most.

The library by itself tries three times, which a page or a claim can't wait for.
"""

from functools import cache

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


@cache
def client(url: str) -> redis.Redis:
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=16,
        timeout=1,
        socket_timeout=1,
        socket_connect_timeout=1,
        retry=Retry(NoBackoff(), 0),
    )
    return redis.Redis(connection_pool=pool)
