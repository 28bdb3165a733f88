"""Heartbeats: signs of life of parts that have no port to ask, as rows with the database's time.

Storage and spool give none by themselves: the sweeper tries them out, on whose machine they are.
"""

from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from imagestudio.web.health import Unwell
from imagestudio.web.statements import statement
from jobs.models import Job, Pulse
from jobs.services.pictures import blobs
from jobs.services.run import spool
from jobs.states import State

SWEEPER = "sweeper"
WORKER = "worker"
STORAGE = "storage"
SPOOL = "spool"
CANARY = "canary"  # When one was last sent; its return is the worker's sign.
STALE_S = 60.0
# An answer that lies whole in the spool for longer than this is not being finished.
SLOW_DRAIN_S = 60.0

# No job has this id. Its message takes the way of all others, and comes back as a sign of life.
CANARY_ID = UUID(int=0)

BEAT = statement(__package__, "beat.sql")


def beat(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BEAT, [name])


def probe() -> None:
    probe_spool()
    probe_storage()


def probe_storage() -> None:
    """Store a few bytes and take them away; raises OSError when storage does not let us."""
    key = f"health/{uuid4()}"
    blobs.put_bytes(b"canary", key)
    blobs.remove(key)
    beat(STORAGE)


def probe_spool() -> None:
    """Say that answers go through, unless one lies there for long or there is no room for more."""
    waiting = (entry for entry in spool.entries() if entry.is_complete)
    if spool.has_room() and not any(entry.age_s() > SLOW_DRAIN_S for entry in waiting):
        beat(SPOOL)


def assert_sweeper_alive() -> float:
    """Raise Unwell when jobs would be left lying if a worker died now; else its sign's age."""
    return _fresh(SWEEPER, "no sign of life")


def assert_worker_hears() -> float | None:
    """Raise Unwell when messages reach no worker, though processes and broker may look alive."""
    # With every thread in a call the message waits, and all is as it should be.
    if Job.objects.filter(state=State.RUNNING, lease_until__gt=Now()).exists():
        return age_s(WORKER)
    return _fresh(WORKER, "no message came through")


def assert_storage_takes() -> float:
    return _fresh(STORAGE, "nothing could be stored")


def assert_spool_drains() -> float:
    return _fresh(SPOOL, "answers wait in it, or it is full")


def age_s(name: str) -> float | None:
    """Seconds since the last sign by the database's clock; None when there was none."""
    ages = Pulse.objects.filter(name=name).annotate(age=Now() - F("at"))
    age: timedelta | None = ages.values_list("age", flat=True).first()
    return age.total_seconds() if age is not None else None


def _fresh(name: str, problem: str) -> float:
    age = age_s(name)
    stale_s = max(STALE_S, 3 * settings.CANARY_S)
    if age is None or age > stale_s:
        raise Unwell(f"{problem} for more than {stale_s:.0f} s", age)
    return age
