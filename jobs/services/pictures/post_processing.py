"""Post-processing of finished jobs: thumbnails, composites. Polite threads, one for each core."""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now
from PIL import UnidentifiedImageError

from imagestudio.decoding.gate import CORES
from imagestudio.web import bell
from jobs.models import Image, Job
from jobs.services.pictures import flaws
from jobs.services.pictures.intake import NotAPicture
from jobs.services.pictures.keeping import keep_outside
from jobs.services.pictures.memory_budget import MemoryBudget
from jobs.services.pictures.thumbnails import make_for
from jobs.states import ErrorCode, State

logger = logging.getLogger(__name__)

# A decoder holds the picture, the same upright and in the colours of the web, and their remains.
BYTES_PER_PIXEL = 16
memory = MemoryBudget(1 << 30)


def make_later(job_id: UUID) -> None:
    """Queue what is missing of a succeeded job; no other job has anything to make."""
    with suppress(RuntimeError):  # The process ends; the sweeper asks the next one.
        _threads().submit(_make_quietly, job_id)


def leave_the_rest() -> None:
    """At the end of the process: what was not begun is made by the next, which the sweeper asks."""
    _threads().shutdown(wait=False, cancel_futures=True)


def make(job_id: UUID) -> None:
    """Make what is missing, then say so on the job; doing it twice is the same as once."""
    jobs = Job.objects.filter(pk=job_id, state=State.SUCCEEDED, thumbs_at=None)
    for job in jobs.prefetch_related("images"):
        notes = [note for image in job.images.all() if (note := _make_for(job, image))]
        jobs.update(thumbs_at=Now(), **_told(job, notes))
        bell.tell(job.pk, "thumbnails")


def _make_for(job: Job, image: Image) -> str:
    """What is to be told of the picture, if it can't be seen as it should be."""
    try:
        with memory.taken(image.width * image.height * BYTES_PER_PIXEL):
            # First, because the small copies are those of what is shown.
            keep_outside(job, image)
            if make_for(image):
                return ""
    except (NotAPicture, UnidentifiedImageError):
        logger.warning("picture %s gets no small copies", image.pk, exc_info=True)
    return flaws.found_late(image)


def _told(job: Job, notes: list[str]) -> dict[str, Any]:
    """The job's message goes on with what was found only now."""
    if not notes:
        return {}
    told = replace(job.telling, what=f"{job.telling.what} {flaws.sentence(notes)}".strip())
    return {"error_code": job.error_code or ErrorCode.FLAWED, **told.fields()}


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CORES, thread_name_prefix="afterwork", initializer=_be_polite)


def _be_polite() -> None:
    # On Linux this is the thread's own niceness: calls and pages go first.
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _make_quietly(job_id: UUID) -> None:
    try:
        make(job_id)
    except Exception:
        # The sweeper rings again for jobs whose thumbnails are still missing.
        logger.exception("the afterwork of job %s could not be done", job_id)
    finally:
        connection.close()
