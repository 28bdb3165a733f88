"""Rings the doorbell: publishes that a job is due, by its task's name alone, without its code."""

import logging
from uuid import UUID

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from redis import RedisError

from imagestudio.web.valkey import client

logger = logging.getLogger(__name__)

RUN_JOB = "jobs.run_job"


def ring(job_id: UUID) -> bool:
    """Tell the workers that a job is due. False: nobody heard it, the sweeper will ring again."""
    try:
        # The library would try a frozen broker again and again, while somebody waits for a page.
        client(settings.REDIS_URL).ping()
        current_app.send_task(RUN_JOB, (str(job_id),), retry=False)
    except (OperationalError, RedisError, OSError):
        logger.warning("the broker is away or full; job %s waits for the sweeper", job_id)
        return False
    return True
