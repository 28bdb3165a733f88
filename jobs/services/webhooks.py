"""Word to a program that its job has ended: signed, tried again, never sent inside the house."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from django.db import Error, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from imagestudio.accounts.models import ApiKey
from jobs.models import Delivery, Job
from jobs.services.webhook_calls import Unreachable, post, problem_with, signature
from jobs.states import FINAL

__all__ = ["deliver_due", "expect", "keep_delivering", "problem_with"]

logger = logging.getLogger(__name__)

# After each try that nobody heard; a day and a half in all.
WAITS_S = (10, 60, 300, 1800, 7200, 18000, 36000, 50400)
LOOK_EVERY_S = 2.0
AT_ONCE = 4
BATCH = 40


def expect(job: Job, key: ApiKey) -> None:
    """Note that somebody wants to hear of the job's end. Asked twice, it is noted once."""
    if key.webhook_url:
        Delivery.objects.get_or_create(job=job)


def keep_delivering() -> None:
    """Begin, in a thread that ends with its process."""
    threading.Thread(target=_keep_delivering, name="webhooks", daemon=True).start()


def deliver_due() -> int:
    """Send the words whose time has come; gives how many were tried."""
    claimed = _claim()
    if claimed:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as threads:
            list(threads.map(_deliver, claimed))
    return len(claimed)


def _claim() -> list[UUID]:
    """Take those that are due. Each is put off first: a crash repeats a word, and loses none."""
    with transaction.atomic():
        due = Delivery.objects.filter(done_at=None, next_at__lte=Now(), job__state__in=FINAL)
        rows = list(due.select_for_update(skip_locked=True, of=("self",))[:BATCH])
        for row in rows:
            wait = timedelta(seconds=WAITS_S[min(row.tries, len(WAITS_S) - 1)])
            mine = Delivery.objects.filter(pk=row.pk)
            mine.update(tries=F("tries") + 1, next_at=Now() + wait)
        return [row.pk for row in rows]


def _deliver(job_id: UUID) -> None:
    try:
        _send(job_id)
    except Exception:
        # It is due again later; the others must not wait for this one.
        logger.exception("the end of job %s could not be told", job_id)
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _send(job_id: UUID) -> None:
    delivery = Delivery.objects.select_related("job__api_key").get(pk=job_id)
    key = delivery.job.api_key
    if key is None or not key.webhook_url or key.revoked_at is not None:
        _note(delivery, None, "nobody asks for it any more", is_over=True)
        return
    if not connection.in_atomic_block:
        connection.close()  # The other side may take its time.
    try:
        body, moment = letter(delivery.job), int(time.time())
        headers = {
            "content-type": "application/json",
            "user-agent": "image-studio-webhooks/1",
            "webhook-id": str(job_id),
            "webhook-timestamp": str(moment),
            "webhook-signature": signature(key.webhook_secret, str(job_id), moment, body),
        }
        status = post(key.webhook_url, body, headers)
    except Unreachable as error:
        _note(delivery, None, str(error))
    else:
        _note(delivery, status, "" if _is_good(status) else f"answered {status}")


def _note(delivery: Delivery, status: int | None, problem: str, *, is_over: bool = False) -> None:
    was_heard = status is not None and _is_good(status)
    has_no_more = delivery.tries >= len(WAITS_S)
    Delivery.objects.filter(pk=delivery.pk).update(
        was_heard=was_heard,
        last_status=status,
        last_error=problem[:200],
        done_at=Now() if was_heard or is_over or has_no_more or status == 410 else None,
    )


def letter(job: Job) -> bytes:
    """What is sent: how the job stands, and where its pictures are. Never the pictures."""
    error = {"code": job.error_code, "message": job.error_message} if job.error_code else None
    document = {
        "type": f"studio.job.{job.state}",
        "timestamp": job.finished_at.isoformat() if job.finished_at else None,
        "data": {
            "id": str(job.pk),
            "object": "studio.job",
            "status": job.state,
            "operation": job.operation,
            "model": job.model,
            "n": job.n,
            "cost_microusd": job.cost_microusd,
            "error": error,
            "result_path": f"/v1/studio/jobs/{job.pk}/result",
        },
    }
    return json.dumps(document).encode()


def _is_good(status: int) -> bool:
    return 200 <= status < 300


def _keep_delivering() -> None:
    pause = threading.Event()
    while True:
        try:
            tried = deliver_due()
        except Error as error:
            logger.warning("ends of jobs can't be told now: %s", type(error).__name__)
            tried = 0
        finally:
            connection.close()
        if tried < BATCH:
            pause.wait(LOOK_EVERY_S)
