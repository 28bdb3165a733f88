"""Pub/sub bell between our processes: whoever waits hears at once, and nobody relies on it."""

import logging
from uuid import UUID

from django.conf import settings

from imagestudio.web import valkey
from imagestudio.web.away import AwayGate

logger = logging.getLogger(__name__)

AWAY_S = 5.0
_gate = AwayGate(AWAY_S)


def tell(subject: UUID, news: str) -> bool:
    """Tell all who listen now what is new of it; False when the server is away and nobody heard."""

    def publish() -> bool:
        valkey.client(settings.CACHE_URL).publish(channel(), f"{subject} {news}")
        return True

    return _gate.ask(settings.CACHE_URL, publish, False, failures=valkey.FAILED, tell=_warn)


def channel() -> str:
    return f"{settings.CACHES['default']['KEY_PREFIX']}:bell"


def _warn(error: Exception) -> None:
    logger.warning("nobody hears the bell: %s", type(error).__name__)
