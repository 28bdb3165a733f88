"""A doorbell between our processes: whoever waits hears at once, and nobody relies on it."""

import logging
import time
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

AWAY_S = 5.0
_away_until = 0.0


def tell(words: str) -> bool:
    """Say it to all who listen now; False when the server is away and nobody heard."""
    global _away_until
    if time.monotonic() < _away_until:
        return False
    try:
        _client(settings.CACHE_URL).publish(channel(), words)
    except (redis.RedisError, OSError) as error:
        _away_until = time.monotonic() + AWAY_S
        logger.warning("nobody hears the bell: %s", type(error).__name__)
        return False
    return True


def channel() -> str:
    return f"{settings.CACHES['default']['KEY_PREFIX']}:bell"


@cache
def _client(url: str) -> redis.Redis:
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=8,
        timeout=1,
        socket_timeout=1,
        socket_connect_timeout=1,
        retry=Retry(NoBackoff(), 0),
    )
    return redis.Redis(connection_pool=pool)
