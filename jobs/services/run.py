"""Carrying out one job: claim, call, spool, store, finish. May be asked for any number of times."""

import logging
from uuid import UUID

from django.conf import settings
from django.db import connection

from imagestudio.images_api.errors import ImagesApiError, OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.types import Answer
from imagestudio.images_api.uploads import Inputs
from jobs.models import Attempt, Job
from jobs.services import afterwork, upstream
from jobs.services.finish import finish
from jobs.services.heartbeat import heart
from jobs.services.requeue import fail, put_back
from jobs.services.settle import settle
from jobs.services.spool import Entry, complete_of

logger = logging.getLogger(__name__)


def run(job_id: UUID) -> None:
    """Do what the job needs now; a repeated or stray message does nothing."""
    job = Job.objects.claim(job_id, settings.LEASE_S)
    if job is None:
        afterwork.make_later(job_id)
        return
    with heart.beating(job):
        _carry_out(job)


def _carry_out(job: Job) -> None:
    if job.provider != settings.PROVIDER_NAME:
        fail(job, "provider_changed", f"It was made for {job.provider}, which is not set up now.")
        return
    late = complete_of(job.pk)
    if late is not None and finish(job, late):
        # The answer to an earlier call was here all along; another would be paid twice.
        afterwork.make_later(job.pk)
        return
    entry = Entry(job.pk, job.fence)
    try:
        entry.prepare()
        inputs = upstream.gather(job, entry)
    except OSError as error:
        put_back(job, "storage", f"The studio's storage is not ready ({error.strerror or error}).")
        return
    # From here on the call may be paid for.
    if Attempt.objects.open(job.pk, job.fence) is None:
        logger.info("job %s was taken back before its call", job.pk)
        entry.discard()
        return
    _call(job, entry, inputs)


def _call(job: Job, entry: Entry, inputs: Inputs) -> None:
    _release_connection()
    try:
        answer = upstream.call(job, entry, inputs)
    except ImagesApiError as error:
        _settle(job, entry, error)
        return
    entry.commit(answer)
    _finish(job, entry)


def _settle(job: Job, entry: Entry, error: ImagesApiError) -> None:
    if isinstance(error, OutcomeUnknown) and error.images:
        # Paid pictures that arrived whole are shown, though the answer broke off behind them.
        entry.commit(_what_arrived(error))
        _finish(job, entry)
        return
    settle(job, error)
    if not isinstance(error, OutcomeUnknown | UnusableAnswer):
        # Of an answer that was begun, whatever reached the disk stays for an admin.
        entry.discard()


def _finish(job: Job, entry: Entry) -> None:
    if finish(job, entry):
        afterwork.make_later(job.pk)


def _what_arrived(error: OutcomeUnknown) -> Answer:
    return Answer(
        http_status=error.http_status or 200,
        request_id=error.request_id,
        created=None,
        images=error.images,
        usage=None,
        body={},
        bytes_received=sum(image.byte_count for image in error.images),
        duration_s=0.0,
    )


def _release_connection() -> None:
    # A call takes minutes; hundreds of them must not each keep a database connection.
    if not connection.in_atomic_block:
        connection.close()
