"""What it costs to find whose turn it is, in a long queue and in a short one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import connection, transaction

from bench.rig import MODEL, Rig
from bench.tables import heading, middle_and_tail, row
from imagestudio.images_api.types import ImageRequest
from jobs.models import Job
from jobs.services.queue import position
from jobs.services.queue import scheduler as service
from jobs.states import State

# Rows as `submit` would make them, without its checks: they would take longer than the measurement.
FILL = """
    INSERT INTO jobs_job
           (id, team_id, owner_id, source, visibility, request, operation, model, prompt, n,
            provider, idempotency_hash, state, fence, attempt, crash_count, policy, deadline_at,
            preview_count, keeps_outside, error_code, error_message, error_param, may_be_billed,
            price_version, dispatched_at, claimed_at, lease_until)
    SELECT gen_random_uuid(), %(team)s, (%(owners)s::uuid[])[1 + mod(i, %(members)s)], 'page',
           'private', %(request)s, 'generate', %(model)s, 'an otter', 1, %(provider)s, '',
           %(state)s, 0, 0, 0, 'ask', now() + interval '1 day', 0, true, '', '', '', false, '',
           now(),
           CASE WHEN %(state)s = 'running' THEN now() - i * interval '1 s' END,
           CASE WHEN %(state)s = 'running' THEN now() + interval '1 h' END
      FROM generate_series(1, %(count)s) AS i
"""


def turns(rig: Rig, quick: bool) -> None:
    """50 members wait, 500 jobs are at work. The floor is the claim of a job that is known."""
    heading("queued", "what", "p50 ms", "p95 ms")
    before = 0
    for count in (100, 2_000) if quick else (100, 100_000):
        _fill(rig, State.QUEUED, count - before)
        _fill(rig, State.RUNNING, 0 if before else 500)
        before = count
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE jobs_job")
        queued = Job.objects.filter(state=State.QUEUED)
        claim = map(
            partial(Job.objects.claim, lease_s=30), queued.values_list("pk", flat=True)[:40]
        )
        row(count, "claim a known job", *_measured(partial(next, claim), 40))
        row(count, "find whose turn it is", *_measured(_find, 40))
        row(count, "find, ask the limits, claim", *_measured(service.take, 40))
        places = partial(position.positions_of, list(queued[:20]))
        row(count, "places of a page of 20", *_measured(places, 40))


def _find() -> None:
    with transaction.atomic():
        service.find_next([])


def _measured(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    took_ms = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took_ms.append((time.perf_counter() - began) * 1000)
    return middle_and_tail(took_ms)


def _fill(rig: Rig, state: State, count: int) -> None:
    owners = [rig.owner(number) for number in range(50)]
    with connection.cursor() as cursor:
        # Neither triggers nor foreign keys: only the table is measured.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            FILL,
            {
                "team": owners[0].memberships.get().team_id,
                "owners": [owner.pk for owner in owners],
                "members": len(owners),
                "request": _request(),
                "model": MODEL,
                "provider": settings.PROVIDERS[0].name,
                "state": state.value,
                "count": count,
            },
        )
        cursor.execute("SET session_replication_role = DEFAULT")


def _request() -> str:

    return json.dumps(ImageRequest(model=MODEL, prompt="an otter").to_json())
