import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from imagestudio.audit import anchors
from imagestudio.web.database import FAILED
from jobs.services.programs import webhooks
from jobs.services.queue import circuit_breaker
from jobs.services.queue.publish import ring
from jobs.services.recover import garbage, probes
from jobs.services.recover.sweep import canary, sweep

logger = logging.getLogger(__name__)

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
        _keep_doing(probes.check, settings.CANARY_S)
        _keep_doing(garbage.collect, GARBAGE_S)
        _keep_doing(circuit_breaker.tell_admins, TELL_S)
        _keep_doing(anchors.drop, ANCHOR_S)
        webhooks.keep_delivering()
        patience = Patience()
        while not stop.is_set():
            try:
                _round(patience)
            except (*FAILED, OSError) as error:
                logger.warning("a round was left undone: %s: %s", type(error).__name__, error)
                connection.close()
            except Exception:
                # It is the only clock: what nobody thought of must not stop it.
                logger.exception("a round was left undone")
                connection.close()
            stop.wait(settings.SWEEP_INTERVAL_S)


class Patience:
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


def _keep_doing(chore: Callable[[], object], every_s: float) -> None:
    """In a thread of its own, which ends with the process: slow storage must not delay the rounds.

    It needs no lock. Two sweepers that do it are as good as one.
    """

    def work() -> None:
        while True:
            try:
                chore()
            except (*FAILED, OSError) as error:
                logger.warning("%s was left undone: %s", chore.__name__, type(error).__name__)
            except Exception:
                logger.exception("%s was left undone", chore.__name__)
            connection.close()
            time.sleep(every_s)

    threading.Thread(target=work, name=chore.__name__, daemon=True).start()


def _round(patience: Patience) -> None:
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
