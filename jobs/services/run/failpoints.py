"""Failpoints, where the faults suite ends or stops a process. Without its folder nothing happens.

An order is a file named after the point, or after point and job: `after_answer`,
`after_claim@<job>`. It says `kill`, `stop` or `hang`, and counts once; `always kill` stays.
"""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings


def reach(point: str, job_id: UUID | None = None) -> None:
    if settings.FAILPOINTS:
        for name in (point, f"{point}@{job_id}"):
            with suppress(FileNotFoundError):
                _obey(Path(settings.FAILPOINTS) / name)


def _obey(order: Path) -> None:
    words = order.read_text().split()
    if "always" not in words:
        order.unlink()  # Of several processes, one gets it; the others find it gone.
    if "hang" in words:
        threading.Event().wait()
    os.kill(os.getpid(), signal.SIGSTOP if "stop" in words else signal.SIGKILL)
