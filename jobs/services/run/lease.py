"""Heartbeat: one thread a worker process that keeps the leases of all its jobs."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from imagestudio.web.loops import keep_doing
from imagestudio.web.statements import statement
from jobs.models import Job
from jobs.services.queue.rate_limiter import LEASES_AFTER_A_CALL

logger = logging.getLogger(__name__)


EXTEND = statement(__package__, "extend.sql")


class Heart:
    """Beats while there are jobs; a job that lost its lease is only told of, never cut off.

    A call that was sent may be paid for already, so it is read to its end and spooled; the fence
    keeps this process from writing what is no longer its business.
    """

    def __init__(self) -> None:
        # With the fence: a job may come back to this process while its first call still drains.
        self._leases: dict[tuple[UUID, int], float] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def beating(self, job: Job) -> Iterator[None]:
        with self._lock:
            self._leases[job.pk, job.fence] = time.monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._leases.pop((job.pk, job.fence), None)

    def beat(self, database: BaseDatabaseWrapper = connection) -> list[UUID]:
        """Extend all leases in one statement; returns the jobs that are no longer ours."""
        # A thread that never comes back must not keep its job for ever.
        since = time.monotonic() - settings.CALL_DEADLINE_S - LEASES_AFTER_A_CALL * settings.LEASE_S
        with self._lock:
            leases = [lease for lease, began in self._leases.items() if began > since]
        if not leases:
            return []
        ids, fences = zip(*leases, strict=True)
        with database.cursor() as cursor:
            cursor.execute(EXTEND, [list(ids), list(fences), settings.LEASE_S])
            kept = set(cursor.fetchall())
        return [lease[0] for lease in leases if lease not in kept]

    def _run(self) -> None:
        database = _own_connection()
        # Without it every longer call would be taken back.
        keep_doing("heartbeat", partial(self._beat, database), iter(self._has_work, False))
        database.close()

    def _beat(self, database: BaseDatabaseWrapper) -> None:
        try:
            lost = self.beat(database)
        except Exception:
            database.close()
            raise
        for job_id in lost:
            logger.warning("job %s is no longer ours; its call is drained", job_id)

    def _has_work(self) -> bool:
        """Wait for the next beat; without jobs the thread ends, and the next job starts another."""
        self._wake.wait(settings.LEASE_S / 3)
        with self._lock:
            if not self._leases:
                self._thread = None
            return self._thread is not None


def _own_connection() -> BaseDatabaseWrapper:
    """Apart from the pool: threads that wait for a place in it must not cost others' leases."""
    database = connection.copy()
    database.settings_dict["OPTIONS"].pop("pool", None)
    return database


heart = Heart()
