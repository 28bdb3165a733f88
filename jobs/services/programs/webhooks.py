"""Webhooks: a signed call tells a program that its job has ended, and is tried again for a day.

None goes to an address inside our own network.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import Now, RowNumber

from imagestudio.accounts.models import ApiKey, Membership
from imagestudio.web.database import release_connection
from imagestudio.web.loops import keep_doing_aside
from jobs.models import Delivery, Job
from jobs.services.programs.webhook_delivery import Unreachable, post, signature
from jobs.states import FINAL

logger = logging.getLogger(__name__)

# After each try that nobody heard; more than a day in all. Behind the last wait is a last try.
WAITS_S = (10, 60, 300, 1800, 7200, 18000, 36000, 50400)
LOOK_EVERY_S = 2.0
AT_ONCE = 8
AT_ONCE_OF_ONE = 2


def expect(job: Job, key: ApiKey) -> None:
    """Note that somebody wants to hear of the job's end. Asked twice, it is noted once."""
    if key.webhook_url:
        Delivery.objects.get_or_create(job=job)


def keep_delivering() -> threading.Event:
    """Begin, in a thread that ends with its process, or when the event that this gives is set."""
    courier, stop = Courier(), threading.Event()
    keep_doing_aside("webhooks", courier.send_due, _times(courier, stop))
    return stop


def deliver_due() -> int:
    """Send what may be sent now, and wait until it was; gives how many were tried."""
    courier = Courier()
    tried = courier.send_due()
    courier.wait_for_all()
    return tried


class Courier:
    """Sends webhooks side by side. A slow receiver delays no more than its own share of them."""

    def __init__(self) -> None:
        self._under_way: dict[threading.Thread, UUID] = {}  # And whose webhook each sends.
        self._has_room = threading.Event()
        self._lock = threading.Lock()

    def send_due(self) -> int:
        """Begin with the webhooks whose time has come, as far as there is room; gives how many."""
        self._has_room.clear()
        with self._lock:
            busy = list(self._under_way.values())
        claimed = _claim(AT_ONCE - len(busy), set(busy))
        for job_id, owner_id in claimed:
            # Of the kind that ends with its process: what it did not finish is due again.
            thread = threading.Thread(target=self._deliver, args=(job_id,), daemon=True)
            with self._lock:
                thread.start()
                self._under_way[thread] = owner_id
        return len(claimed)

    def pause(self) -> None:
        """Until one of them was told, or it is time to look for more."""
        self._has_room.wait(LOOK_EVERY_S)

    def wait_for_all(self) -> None:
        with self._lock:
            threads = list(self._under_way)
        for thread in threads:
            thread.join()

    def _deliver(self, job_id: UUID) -> None:
        try:
            _deliver(job_id)
        finally:
            with self._lock:
                del self._under_way[threading.current_thread()]
            self._has_room.set()


def _claim(room: int, busy: set[UUID]) -> list[tuple[UUID, UUID]]:
    """Take those that have been due for longest, a few of each owner who has none under way.

    Each is put off first: a crash repeats a word, and loses none.
    """
    due = Delivery.objects.filter(done_at=None, next_at__lte=Now(), job__state__in=FINAL)
    turn = Window(RowNumber(), partition_by="job__owner", order_by="next_at")
    in_turn = due.exclude(job__owner__in=busy).annotate(turn=turn)
    first = in_turn.filter(turn__lte=AT_ONCE_OF_ONE).order_by("next_at").values("pk")[:room]
    with transaction.atomic():
        # Asked again in full: another sender may have taken one of them in between.
        mine = due.filter(pk__in=first).select_for_update(skip_locked=True, of=("self",))
        rows = list(mine.select_related("job"))
        for row in rows:
            wait = timedelta(seconds=WAITS_S[min(row.tries, len(WAITS_S) - 1)])
            Delivery.objects.filter(pk=row.pk).update(tries=F("tries") + 1, next_at=Now() + wait)
        return [(row.pk, row.job.owner_id) for row in rows]


def _deliver(job_id: UUID) -> None:
    try:
        _send(job_id)
    except Exception:
        # It is due again later; the others must not wait for this one.
        logger.exception("the end of job %s could not be told", job_id)
    finally:
        release_connection()


def _send(job_id: UUID) -> None:
    delivery = Delivery.objects.select_related("job__api_key").get(pk=job_id)
    key = delivery.job.api_key
    if key is None or not _asks_for_it(key):
        _note(delivery, None, "nobody asks for it any more", is_over=True)
        return
    release_connection()  # The other side may take its time.
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


def _asks_for_it(key: ApiKey) -> bool:
    """A key that ran out still does, for its jobs; one whose owner left does not."""
    if not key.webhook_url or key.revoked_at is not None:
        return False
    owners = Membership.objects.filter(user=key.owner_id, team=key.team_id, user__is_active=True)
    return owners.exists()


def _note(delivery: Delivery, status: int | None, problem: str, *, is_over: bool = False) -> None:
    was_heard = status is not None and _is_good(status)
    has_no_more = delivery.tries > len(WAITS_S)
    Delivery.objects.filter(pk=delivery.pk).update(
        was_heard=was_heard,
        last_status=status,
        last_error=problem[:200],
        done_at=Now() if was_heard or is_over or has_no_more or status == 410 else None,
    )


def letter(job: Job) -> bytes:
    """What is sent: how the job stands, and where its pictures are. Never the pictures."""
    error = {"code": job.error_code, "message": job.told} if job.error_code else None
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


def _times(courier: Courier, stop: threading.Event) -> Iterator[None]:
    while not stop.is_set():
        yield
        courier.pause()
