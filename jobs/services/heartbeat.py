"""One thread a worker process that keeps the leases of all its jobs."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.db import Error, connection

from jobs.models import Job

logger = logging.getLogger(__name__)

EXTEND = """
    UPDATE jobs_job
       SET lease_until = clock_timestamp() + make_interval(secs => %s)
      FROM unnest(%s::uuid[], %s::int[]) AS mine (id, fence)
     WHERE jobs_job.id = mine.id AND jobs_job.fence = mine.fence AND state = 'running'
    RETURNING jobs_job.id
"""


class Heart:
    """Beats while there are jobs; a job that lost its lease is only told of, never cut off.

    A call that was sent may be paid for already, so it is read to its end and spooled; the fence
    keeps this process from writing what is no longer its business.
    """

    def __init__(self) -> None:
        self._jobs: dict[UUID, int] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def beating(self, job: Job) -> Iterator[None]:
        with self._lock:
            self._jobs[job.pk] = job.fence
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._jobs.pop(job.pk, None)

    def beat(self) -> list[UUID]:
        """Extend all leases in one statement; returns the jobs that are no longer ours."""
        with self._lock:
            jobs = dict(self._jobs)
        if not jobs:
            return []
        with connection.cursor() as cursor:
            cursor.execute(EXTEND, [settings.LEASE_S, list(jobs), list(jobs.values())])
            kept = {row[0] for row in cursor.fetchall()}
        return [job_id for job_id in jobs if job_id not in kept]

    def _run(self) -> None:
        while True:
            self._wake.wait(settings.LEASE_S / 3)
            try:
                for job_id in self.beat():
                    logger.warning("job %s is no longer ours; its call is drained", job_id)
            except Error as error:
                logger.warning("leases could not be extended: %s", type(error).__name__)
            finally:
                connection.close()


heart = Heart()
