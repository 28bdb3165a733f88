"""Trying out the parts that only the sweeper's machine can try, and saying that they work."""

from uuid import uuid4

from jobs.services.pictures import blobs
from jobs.services.run import heartbeats, spool

# An answer that lies whole in the spool for longer than this is not being finished.
SLOW_DRAIN_S = 60.0


def check() -> None:
    check_spool()
    check_storage()


def check_storage() -> None:
    """Store a few bytes and take them away; raises OSError when storage does not let us."""
    key = f"health/{uuid4()}"
    blobs.put_bytes(b"canary", key)
    blobs.remove(key)
    heartbeats.beat(heartbeats.STORAGE)


def check_spool() -> None:
    """Say that answers go through, unless one lies there for long or there is no room for more."""
    waiting = (entry for entry in spool.entries() if entry.is_complete)
    if spool.has_room() and not any(entry.age_s() > SLOW_DRAIN_S for entry in waiting):
        heartbeats.beat(heartbeats.SPOOL)
