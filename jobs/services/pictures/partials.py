"""Whole partial pictures for programs that asked for events. They are gone a day later."""

from __future__ import annotations

import logging
from pathlib import Path
from uuid import UUID

from django.core.files.storage import default_storage

from imagestudio.web import bell
from jobs.models import Job
from jobs.services.pictures import blobs
from jobs.states import Source

logger = logging.getLogger(__name__)

FOLDER = "partials/"


def keep(job: Job, index: int, path: Path) -> None:
    """Put one where the web finds it, and ring. On a local disk it is a second name, no copy."""
    if job.source != Source.API or not job.image_request.stream:
        return
    try:
        blobs.put(path, key_of(job.pk, job.fence, index))
    except OSError as error:
        logger.info("a partial picture of job %s was left out: %s", job.pk, error)
        return
    bell.tell(job.pk, "partial")


def since(job: Job, index: int, at_most: int) -> list[int]:
    """The numbers of those that have come, from this one on."""
    wanted = range(index, at_most)
    return [each for each in wanted if default_storage.exists(key_of(job.pk, job.fence, each))]


def key_of(job_id: UUID, fence: int, index: int) -> str:
    return f"{FOLDER}{job_id}/{fence}/{index}"
