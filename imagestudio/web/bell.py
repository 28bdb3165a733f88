"""A doorbell between our processes: whoever waits hears at once, and nobody relies on it."""

import logging
import time
from uuid import UUID

import redis
from django.conf import settings

from imagestudio.web.valkey import client

logger = logging.getLogger(__name__)

AWAY_S = 5.0
_away_until = 0.0


def tell(subject: UUID, news: str) -> bool:
    """Tell all who listen now what is new of it; False when the server is away and nobody heard."""
    global _away_until
    if time.monotonic() < _away_until:
        return False
    try:
        client(settings.CACHE_URL).publish(channel(), f"{subject} {news}")
    except (redis.RedisError, OSError) as error:
        _away_until = time.monotonic() + AWAY_S
        logger.warning("nobody hears the bell: %s", type(error).__name__)
        return False
    return True


def channel() -> str:
    return f"{settings.CACHES['default']['KEY_PREFIX']}:bell"
