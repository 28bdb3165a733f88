import signal
import threading
import time
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from imagestudio.audit import anchors
from imagestudio.web.loops import every, keep_doing, keep_doing_aside
from jobs.services.programs import webhooks
from jobs.services.queue import circuit_breaker
from jobs.services.queue.publish import ring
from jobs.services.recover import garbage
from jobs.services.recover.sweep import canary, sweep
from jobs.services.run import heartbeats

# "swp": one sweeper acts at a time; the lock goes with the connection of one that dies.
LOCK = 0x737770
GARBAGE_S = 3600.0
TELL_S = 10.0
ANCHOR_S = 60.0


class Command(BaseCommand):
    help = "Runs the sweeper: recovers, expires and re-dispatches jobs, once a second."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        # Slow storage must not delay the rounds. These need no lock: two sweepers that do them are
        # as good as one.
        keep_doing_aside("probes", heartbeats.probe, every(settings.CANARY_S))
        keep_doing_aside("garbage", garbage.collect, every(GARBAGE_S))
        keep_doing_aside("letters", circuit_breaker.tell_admins, every(TELL_S))
        keep_doing_aside("anchors", anchors.drop, every(ANCHOR_S))
        webhooks.keep_delivering()
        # It is the only clock: what nobody thought of must not stop it.
        keep_doing(
            "sweeper", partial(_round, GracePeriod()), every(settings.SWEEP_INTERVAL_S, stop)
        )


class GracePeriod:
    """After the database was away every lease is old: their workers get time to extend them."""

    def __init__(self) -> None:
        self._last_seen = time.monotonic()
        self._recover_from = 0.0

    def sees_the_database(self) -> bool:
        """Say that it answers, now; tells whether leases may be judged again."""
        now = time.monotonic()
        # Counted from its return: to wait for a connection may have taken longer than a lease.
        if now - self._last_seen > settings.LEASE_S / 3:
            self._recover_from = now + settings.LEASE_S
        self._last_seen = now
        return now >= self._recover_from

    def has_worked(self) -> None:
        """A long round is no absence."""
        self._last_seen = time.monotonic()


def _round(patience: GracePeriod) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        may_recover = patience.sees_the_database()
        if not cursor.fetchone()[0]:
            return  # Another sweeper is at work.
        try:
            _ring([*canary(), *sweep(may_recover=may_recover)])
            patience.has_worked()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _ring(job_ids: list[UUID]) -> None:
    for job_id in job_ids:
        if not ring(job_id):
            # A later round asks again; hundreds of time-outs in a row would only delay it.
            return
