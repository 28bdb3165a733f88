"""What a finished job still needs: thumbnails and composites. One polite thread a process."""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now
from PIL import UnidentifiedImageError

from imagestudio.web import bell
from jobs.models import Image, Job
from jobs.services.pictures.intake import NotAPicture
from jobs.services.pictures.keeping import keep_outside
from jobs.services.pictures.thumbnails import make_for
from jobs.states import State

logger = logging.getLogger(__name__)


def make_later(job_id: UUID) -> None:
    """Queue what is missing of a succeeded job; no other job has anything to make."""
    with suppress(RuntimeError):  # The process ends; the sweeper asks the next one.
        _thread().submit(_make_quietly, job_id)


def leave_the_rest() -> None:
    """At the end of the process: what was not begun is made by the next, which the sweeper asks."""
    _thread().shutdown(wait=False, cancel_futures=True)


def make(job_id: UUID) -> None:
    """Make what is missing, then say so on the job; doing it twice is the same as once."""
    jobs = Job.objects.filter(pk=job_id, state=State.SUCCEEDED, thumbs_at=None)
    for job in jobs.prefetch_related("images"):
        for image in job.images.all():
            _make_for(job, image)
        jobs.update(thumbs_at=Now())
        bell.tell(job.pk, "thumbnails")


def _make_for(job: Job, image: Image) -> None:
    try:
        # First, because the small copies are those of what is shown.
        keep_outside(job, image)
        make_for(image)
    except (NotAPicture, UnidentifiedImageError):
        # It was let in, so it is shown as it is; asking again would change nothing.
        logger.exception("picture %s gets no small copies", image.pk)


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="afterwork", initializer=_be_polite)


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
