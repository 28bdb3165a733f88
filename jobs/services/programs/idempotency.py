"""One order is paid once: told by its Idempotency-Key, or by a client that comes back for it.

The official clients send no such key, and send again by themselves when they lose patience or get
no answer; they count how often. So each order has a row (`Caller`) from the commit that accepts it
until its answer was told whole. A repeat (count 1 or more, same API key, same digest of the request
as it was written, with its pictures and visibility) takes up what was left behind, each job once,
and is told what the first call would have been told. A first try (count 0) never takes anything up:
whoever wants a second picture gets one. Who does not count at all, like most libraries, takes up
what was left within the last minute (a setting): nobody who never got a picture meant to pay for
two.

Left behind is a job

- whose client was seen going, or was told to come back, in the last 15 minutes. The mark has the
  time at which it was made, however old the job is;
- whose web process died. Each process has an advisory lock while it lives, which ends with its
  connection at the moment of a SIGKILL. Its callers were not answered as far as anybody knows.

A job whose caller still waits in a living process is never given to another one. Right after the
database itself started nobody can tell who lives, because locks end with it and have to be taken
anew: then a repeat is asked to come back (`Undecided`), which starts nothing. A process that was
cut off takes its lock again only when its marks of those who left meanwhile are made.

All of it is in PostgreSQL and in the order's own transaction, so nothing depends on Valkey, and
after a lost connection `find_ordered` says for certain whether the order was accepted: it waits for
that transaction's lock first.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from imagestudio.accounts.models import ApiKey
from imagestudio.web.statements import statement
from jobs.models import Caller, Job

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=24)
LEFT_FOR = timedelta(minutes=15)
# Long enough for every living process to take its lock again after the database was started.
LOCKS_BACK_AFTER_S = 6.0

# Of this process: whose clients are gone, and whose rows do not say so yet.
_gone: set[str] = set()

# The number of this web process, and the two kinds of advisory locks beside those of one number.
THIS_PROCESS = secrets.randbelow(2**31)
LIVING, ORDERS = 0x57_45_42, 0x4F_52_44

_LIVING_NOW = statement(__package__, "living_now.sql")
_IS_UP_FOR = "SELECT clock_timestamp() - pg_postmaster_start_time() > make_interval(secs => %s)"


class Undecided(Exception):
    """Nobody can say yet whether the caller of the same job still waits."""


def name_of(key: ApiKey, text: str) -> str:
    """What a job keeps of it: each API key has its own, and none meets that of a form."""
    return f"api:{key.pk}:{hashlib.sha256(text.encode()).hexdigest()}"


def find_named(key: ApiKey, name: str) -> Job | None:
    """The job that this name made in the last 24 hours."""
    mine = Job.objects.filter(owner=key.owner, idempotency_key=name)
    return mine.filter(created_at__gte=Now() - KEPT_FOR).first()


def take_name(key: ApiKey, name: str) -> Job | None:
    """The job that has this name, which is taken from one that is older than 24 hours."""
    mine = Job.objects.filter(owner=key.owner, idempotency_key=name)
    mine.filter(created_at__lt=Now() - KEPT_FOR).update(idempotency_key=None)
    # Whoever kept it has it, whatever the clock says by now: each statement reads it anew.
    return mine.first()


@contextmanager
def transaction_of(request_id: str) -> Iterator[None]:
    """One transaction for all that an order writes. Whoever asks after it waits for its end."""
    with transaction.atomic():
        _lock(request_id)
        yield


def find_ordered(request_id: str) -> Job | None:
    """The job that this request has ordered or taken up; None when there is none, for certain."""
    with transaction_of(request_id):
        return Job.objects.filter(caller__request_id=request_id).first()


def caller_of(key: ApiKey, request_id: str, digest: str) -> Caller:
    """The row of a request that waits in this process; it gets its job when it is added."""
    return Caller(api_key=key, request_id=request_id, digest=digest, process=THIS_PROCESS)


def has_callers(key: ApiKey) -> bool:
    """Whether any job of this key was left behind, or is still waited for."""
    return Caller.objects.filter(api_key=key).exists()


def add_caller(caller: Caller, job: Job) -> None:
    """Note that this caller waits for the job, if none does."""
    caller.job = job
    # One statement: a twin's row may come and, once it was told, go at any moment.
    Caller.objects.bulk_create([caller], ignore_conflicts=True)


def remove_caller(job_id: UUID, key: ApiKey) -> None:
    """Note that this key has the job's whole answer, wherever it asked for it."""
    Caller.objects.filter(job=job_id, api_key=key).delete()


def note_gone(request_id: str) -> None:
    """Its client went from this process. Until that is marked, repeats here know by this."""
    _gone.add(request_id)


def mark_left(request_id: str) -> bool:
    """Note that its client is without its answer; False when nothing of it is waited for.

    All others that have gone by now are noted with it: when a proxy cuts hundreds at once, the last
    mark must not come behind its own repeat.
    """
    gone = _gone | {request_id}
    with transaction_of(request_id):
        Caller.objects.filter(request_id__in=gone, left_at=None).update(left_at=Now())
        caller = Caller.objects.filter(request_id=request_id).first()
        if caller is not None:
            stale = Q(left_at__lt=Now() - LEFT_FOR) | Q(left_at=None, since__lt=Now() - KEPT_FOR)
            Caller.objects.filter(stale, api_key=caller.api_key_id).exclude(pk=caller.pk).delete()
    _gone.difference_update(gone)
    return caller is not None


def take_up(caller: Caller, within: timedelta = LEFT_FOR) -> Job | None:
    """Give a job whose client is without its answer to this caller, who asks for the same.

    Raises Undecided in the first seconds of a database, as far as there is such a job.
    """
    same = Caller.objects.filter(api_key=caller.api_key_id, digest=caller.digest)
    if not within or not same.exists():
        return None
    _mark_left_in_dead_processes(same)
    is_left = Q(left_at__gt=Now() - within) | Q(left_at=None, request_id__in=set(_gone))
    left = same.filter(is_left, job__idempotency_key=None)
    free = left.select_for_update(skip_locked=True, of=("self",)).select_related("job")
    found = free.order_by("pk").first()
    if found is None:
        return None
    mine = {"request_id": caller.request_id, "process": caller.process, "since": Now()}
    Caller.objects.filter(pk=found.pk).update(left_at=None, **mine)
    logger.info("job %s is taken up by its client again", found.pk)
    return found.job


def _mark_left_in_dead_processes(same: QuerySet[Caller]) -> None:
    """The clients of a web process that died were left without their answers when it died."""
    patience = LEFT_FOR + timedelta(seconds=settings.GATEWAY_WAIT_S)
    waiting = same.filter(left_at=None, since__gt=Now() - patience)
    elsewhere = waiting.exclude(process=THIS_PROCESS)
    if elsewhere.exists():
        elsewhere.exclude(process__in=_living_processes()).update(left_at=Now())


def _living_processes() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_IS_UP_FOR, [LOCKS_BACK_AFTER_S])
        if not cursor.fetchone()[0]:
            raise Undecided
        cursor.execute(_LIVING_NOW, [LIVING])
        return [number for (number,) in cursor.fetchall()]


def _lock(request_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [ORDERS, request_id])
