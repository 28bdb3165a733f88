"""Partial pictures while a job runs: seen, never kept. They live in the cache and nowhere else."""

import logging
import threading
from pathlib import Path

from django.core.cache import caches
from django.db.models import F
from redis import RedisError

from imagestudio.web import bell
from imagestudio.web.database import FAILED, release_connection
from jobs.models import Job
from jobs.services.pictures.intake import NotAPicture
from jobs.services.pictures.thumbnails import small_copy
from jobs.states import State

logger = logging.getLogger(__name__)

KEPT_S = 15 * 60
_one = threading.Semaphore(1)


def show(job: Job, path: Path) -> None:
    """Put the newest partial picture where the page finds it. A preview is never worth a wait."""
    if not _one.acquire(blocking=False):
        return
    try:
        caches["default"].set(_key(job), small_copy(path).content, KEPT_S)
        mine = Job.objects.filter(pk=job.pk, state=State.RUNNING, fence=job.fence)
        mine.update(preview_count=F("preview_count") + 1)
        bell.tell(job.pk, "preview")
    except (OSError, NotAPicture, RedisError, *FAILED) as error:
        logger.info("a preview of job %s was left out: %s", job.pk, type(error).__name__)
    finally:
        _one.release()
        release_connection()  # The call goes on for minutes and needs none.


def newest(job: Job) -> bytes | None:
    """The preview of a job that still runs, as WebP."""
    if job.state != State.RUNNING or not job.preview_count:
        return None
    content: bytes | None = caches["default"].get(_key(job))
    return content


def _key(job: Job) -> str:
    # The fence keeps a preview of an earlier call from showing in a later one.
    return f"preview:{job.pk}:{job.fence}"
