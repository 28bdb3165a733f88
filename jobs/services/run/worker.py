"""Worker of one job: claim, call, spool, store, finish. May be asked for any number of times."""

import logging
from uuid import UUID

from imagestudio.images_api.codes import OwnCode
from imagestudio.images_api.errors import ImagesApiError, NotSent, OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.types import Answer
from imagestudio.images_api.uploads import Inputs
from imagestudio.web.database import AWAY, release_connection
from jobs.models import Attempt, Job
from jobs.services.pictures import post_processing
from jobs.services.queue import dispatch, providers, scheduler
from jobs.services.run import failpoints, heartbeats, takeover, unread, upstream
from jobs.services.run.db_retry import patiently
from jobs.services.run.finish import finish
from jobs.services.run.lease import heart
from jobs.services.run.requeue import fail, put_back
from jobs.services.run.settle import settle
from jobs.services.run.spool import SpoolEntry, complete_before
from jobs.states import ErrorCode

logger = logging.getLogger(__name__)


def run(job_id: UUID) -> list[UUID]:
    """Carry out the job whose turn it is; returns those to ring for now.

    Which job the message was about matters to finished ones alone, for their afterwork. A repeated
    or stray message does nothing.
    """
    if job_id == heartbeats.CANARY_ID:
        heartbeats.beat(heartbeats.WORKER)
        return []
    turn = scheduler.take()
    if turn is None:
        scheduler.unring(job_id)
        post_processing.make_later(job_id)
        return []
    with turn, heart.beating(turn.job):
        failpoints.reach("after_claim", turn.job.pk)
        _carry_out(turn.job)
    return dispatch.after(turn.job)


def _carry_out(job: Job) -> None:
    entry = SpoolEntry(job.pk, job.fence)
    try:
        inputs = _prepare(job, entry)
    except (OSError, *AWAY) as error:
        # Nothing is sent yet, so nobody needs to be asked; a crash would count against the job.
        words = f"The studio's storage is not ready ({getattr(error, 'strerror', '') or 'away'})."
        patiently(lambda: put_back(job, ErrorCode.STORAGE, words))
        return
    if inputs is not None and _may_send(job, entry):
        _call(job, entry, inputs)


def _prepare(job: Job, entry: SpoolEntry) -> Inputs | None:
    """Get all that the call needs; None when the job is settled without one."""
    if (late := takeover.answer_for(job)) is not None:
        _end(job, takeover.take_over(job, late))
        return None
    earlier = complete_before(job.pk, job.fence)
    if earlier is not None and finish(job, earlier):
        # The answer to an earlier call was here all along; another would be paid twice.
        _end(job, True)
        return None
    if addresses := takeover.addresses_for(job):
        _end(job, takeover.ask_again(job, entry, addresses))
        return None
    if providers.named(job.provider) is None:
        words = f"It was made for {job.provider}, which is not set up now."
        fail(job, ErrorCode.PROVIDER_CHANGED, words)
        return None
    entry.prepare()
    return upstream.gather(job, entry)


def _may_send(job: Job, entry: SpoolEntry) -> bool:
    """Note the call, as the last thing before it; from here on it may be paid for."""
    failpoints.reach("before_attempt", job.pk)
    try:
        attempt = Attempt.objects.open(job.pk, job.fence)
    except AWAY:
        # Whether the note was kept or not: no call follows it, and that is known here only.
        problem = "The studio's database went away before the call."
        _settle(job, entry, NotSent(problem, code=OwnCode.DATABASE))
        return False
    if attempt is None:
        logger.info("job %s was taken back before its call", job.pk)
        entry.discard()
        return False
    failpoints.reach("after_attempt", job.pk)
    return True


def _call(job: Job, entry: SpoolEntry, inputs: Inputs) -> None:
    # A call takes minutes; hundreds of them must not each keep a database connection.
    release_connection()
    try:
        answer = upstream.call(job, entry, inputs)
    except ImagesApiError as error:
        _settle(job, entry, error)
    else:
        _keep(job, entry, answer)
        scheduler.learn(job)


def _settle(job: Job, entry: SpoolEntry, error: ImagesApiError) -> None:
    if isinstance(error, OutcomeUnknown | UnusableAnswer) and error.images:
        # Paid pictures that arrived whole are shown, whatever else was wrong with the answer.
        _keep(job, entry, _what_arrived(error))
        scheduler.learn(job, error)
        return
    if isinstance(error, NotSent):
        logger.warning("job %s did not reach %s: %s", job.pk, job.provider, error)
    # Before the job moves: until then the others know that this one still tries.
    scheduler.learn(job, error)
    patiently(lambda: settle(job, error))
    if isinstance(error, OutcomeUnknown | UnusableAnswer) or error.may_be_billed:
        # Of an answer that was begun, whatever reached the disk is for its owner.
        is_kept = patiently(lambda: unread.keep_if_possible(job, entry))
    else:
        is_kept = True
    if is_kept:
        entry.discard()


def _keep(job: Job, entry: SpoolEntry, answer: Answer) -> None:
    failpoints.reach("after_answer", job.pk)
    try:
        entry.commit(answer)
    except OSError as error:
        problem = f"The answer came, and could not be written to disk: {error.strerror}."
        lost = OutcomeUnknown(problem, code=OwnCode.DISK, http_status=answer.http_status)
        patiently(lambda: settle(job, lost))
        return
    failpoints.reach("after_manifest", job.pk)
    _end(job, patiently(lambda: finish(job, entry)))


def _end(job: Job, is_finished: bool) -> None:
    failpoints.reach("after_finish", job.pk)
    if is_finished:
        post_processing.make_later(job.pk)


def _what_arrived(error: OutcomeUnknown | UnusableAnswer) -> Answer:
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
