"""Sending a job of unknown outcome once more, because a person said so."""

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.services.queue.publish import ring
from jobs.services.run.requeue import send_again


def retry(actor: User, job: Job, *, seen: int | None = None) -> bool:
    """Queue a held job again, which may cost a second time; False when it is held no longer.

    `seen` is the fence of the call that they decided about: a second press that arrives when the
    next call has been cut off too is no decision about that one.
    """
    if seen is not None and seen != job.fence:
        return False
    moved = send_again(job, actor)
    if moved:
        ring(job.pk)
    return moved
