"""One order is paid once: told by its Idempotency-Key, or by a client that comes back for it.

The official clients send no such key, and send again by themselves when they lose patience. What
they left behind is then taken up, and not ordered a second time.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import timedelta
from uuid import UUID

from django.core.cache import caches
from django.db.models.functions import Now
from redis import RedisError

from imagestudio.accounts.models import ApiKey
from imagestudio.images_api.types import ImageRequest
from jobs.models import Job
from jobs.states import State

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=24)
LEFT_FOR_S = 15 * 60
LOOKED_THROUGH = 50
IN_VAIN = (State.FAILED, State.CANCELLED)


def name_of(key: ApiKey, text: str) -> str:
    """What a job keeps of it: each API key has its own, and none meets that of a form."""
    return f"api:{key.pk}:{hashlib.sha256(text.encode()).hexdigest()}"


def earlier(key: ApiKey, name: str) -> Job | None:
    """The job that this made in the last 24 hours; after that the name is free again."""
    mine = Job.objects.filter(owner=key.owner, idempotency_key=name)
    mine.filter(created_at__lt=Now() - KEPT_FOR).update(idempotency_key=None)
    return mine.first()


def leave(job_id: UUID) -> bool:
    """Note that its client went away without its answer; False when that can't be noted now."""
    try:
        caches["default"].set(_mark(job_id), True, LEFT_FOR_S)
    except RedisError:
        return False
    return True


def take_up(key: ApiKey, request: ImageRequest) -> Job | None:
    """The job of the same request whose client went away a moment ago; each is taken up once."""
    wanted = json.loads(json.dumps(request.to_json()))
    recent = Job.objects.filter(
        api_key=key, created_at__gt=Now() - timedelta(seconds=LEFT_FOR_S), idempotency_key=None
    )
    for job in recent.exclude(state__in=IN_VAIN).order_by("-id")[:LOOKED_THROUGH]:
        if job.request == wanted and _take_mark(job.pk):
            logger.info("job %s is taken up by its client again", job.pk)
            return job
    return None


def _take_mark(job_id: UUID) -> bool:
    try:
        return caches["default"].delete(_mark(job_id))
    except RedisError:
        return False


def _mark(job_id: UUID) -> str:
    return f"gateway-left:{job_id}"
