"""Celery's whole surface: one task, whose message is one job id."""

import logging
from uuid import UUID

from celery import shared_task
from django.conf import settings
from kombu.exceptions import OperationalError
from redis import RedisError

from imagestudio.web.valkey import client
from jobs.services import run

logger = logging.getLogger(__name__)


@shared_task(name="jobs.run_job")  # type: ignore[untyped-decorator]
def run_job(job_id: str) -> None:
    try:
        to_ring = run.run(UUID(job_id))
    except Exception:
        # The job's lease brings it back; the worker's thread goes on with the next message.
        logger.exception("job %s stopped on an error of ours", job_id)
        raise
    for each in to_ring:
        ring(each)


def ring(job_id: UUID) -> bool:
    """Tell the workers that a job is due. False: nobody heard it, the sweeper will ring again."""
    try:
        # The library would try a frozen broker again and again, while somebody waits for a page.
        client(settings.REDIS_URL).ping()
        run_job.apply_async((str(job_id),), retry=False)
    except (OperationalError, RedisError, OSError):
        logger.warning("the broker is away or full; job %s waits for the sweeper", job_id)
        return False
    return True
