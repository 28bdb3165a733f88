"""Late results, which a job ended without: they are taken or turned down, or fetched once more."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from jobs.models import Job, LateResult, UnreadAnswer
from jobs.queries import IN_VAIN
from jobs.services.queue import new_job
from jobs.services.queue.publish import ring


def offered_to(user: User) -> QuerySet[LateResult]:
    """The late answers that wait for this person, oldest first."""
    is_free = Q(taken_as=None) | Q(taken_as__state__in=IN_VAIN)
    mine = LateResult.objects.filter(is_free, job__owner=user, dismissed_at=None)
    return mine.select_related("job").order_by("found_at")


def take(actor: User, late: LateResult) -> Job | None:
    """A job that shows the pictures, the same one however often it is asked for.

    It costs nothing more: what was paid is with the call of the job that ended. None when the
    answer is not this person's, or was turned down.
    """
    with transaction.atomic():
        now = LateResult.objects.select_for_update(of=("self",)).get(pk=late.pk)
        if now.dismissed_at is not None or now.job.owner_id != actor.pk:
            return None
        if now.taken_as is not None and now.taken_as.state not in IN_VAIN:
            return now.taken_as
        job = _again(now.job)
        now.taken_as = job
        now.save(update_fields=["taken_as"])
        transaction.on_commit(lambda: ring(job.pk), robust=True)
    return job


def dismiss(actor: User, late: LateResult) -> bool:
    """Turn it down for good; the sweeper clears its files away. False when it is too late."""
    free = offered_to(actor).filter(pk=late.pk)
    return LateResult.objects.filter(pk__in=free.values("pk")).update(dismissed_at=Now()) == 1


def fetch_again(actor: User, ended: Job) -> Job | None:
    """A job that asks the addresses of the ended one's answer again, however often this is asked.

    It costs nothing more. None when no address waits, or the job is not this person's.
    """
    with transaction.atomic():
        rows = UnreadAnswer.objects.exclude(address="").filter(job=ended)
        found = list(rows.select_for_update(of=("self",)).select_related("taken_as"))
        if ended.owner_id != actor.pk or not found:
            return None
        waiting = list(rows.to_ask().values_list("pk", flat=True))
        if not waiting:
            return found[-1].taken_as
        job = _again(ended, n=len(waiting))
        UnreadAnswer.objects.filter(pk__in=waiting).update(taken_as=job)
        transaction.on_commit(lambda: ring(job.pk), robust=True)
    return job


def _again(ended: Job, **columns: int) -> Job:
    """A job like the one that ended. `submit` has no part in it: nothing is asked for anew, so
    neither today's rules nor the budget apply, and the worker will find the answer already there.
    """
    return new_job.insert_like(
        ended, parent=ended, estimate_low_microusd=0, estimate_high_microusd=0, **columns
    )
