"""Celery's whole surface: one task, whose message is one job id."""

import logging
from uuid import UUID

from celery import shared_task

from jobs.services.queue.publish import RUN_JOB, ring
from jobs.services.run import worker

logger = logging.getLogger(__name__)


@shared_task(name=RUN_JOB)  # type: ignore[untyped-decorator]
def run_job(job_id: str) -> None:
    """Carry out the job whose turn it is, which need not be the one that the message names."""
    try:
        to_ring = worker.run(UUID(job_id))
    except Exception:
        # The job's lease brings it back; the worker's thread goes on with the next message. Which
        # job was in hand stands in a note below the traceback.
        logger.exception("the message for job %s ended on an error of ours", job_id)
        raise
    for each in to_ring:
        ring(each)
