"""One job after the other: what the studio adds to a call, and how soon the call begins."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from uuid import UUID

from django.db import connection

from bench.floor import bare_call, looked_at_call
from bench.rig import NAMES, Rig
from bench.tables import heading, middle_and_tail, row
from jobs.models import Job, Pulse
from jobs.services.queue.publish import ring
from jobs.services.run import heartbeats

CASES = (("small", 0.0, 60), ("small", 1.0, 12), ("small", 5.0, 6), ("large", 0.0, 20))


def latency(rig: Rig, quick: bool) -> None:
    """From `submit` until the pictures are rows that a page shows; bare calls in between.

    The second floor opens the picture as well, which no job leaves out."""
    worker = rig.worker(20)
    heading(
        "answer",
        "upstream s",
        "bare p50 ms",
        "bare and opened p50 ms",
        "job p50 ms",
        "ratio to bare",
        "ratio to opened",
        "added p50 ms",
        "added p95 ms",
        "CPU ms a job",
    )
    for picture, latency_s, rounds in CASES:
        rounds = max(2, rounds // 10) if quick else rounds
        rig.upstream.set(latency_s, picture=picture)
        before_s = worker.cpu_s()
        bare, opened, ours = map(middle_and_tail, _by_turns(rig, picture, latency_s, rounds))
        cpu_ms = (worker.cpu_s() - before_s) / rounds * 1000
        ratios = (ours[0] / bare[0], ours[0] / opened[0])
        added = (ours[0] - bare[0], ours[1] - bare[0])
        row(NAMES[picture], latency_s, bare[0], opened[0], ours[0], *ratios, *added, cpu_ms)


def start(rig: Rig, quick: bool) -> None:
    """Until the upstream has the whole request; beside a message that finds nothing to do."""
    rig.worker(20)
    rounds = 10 if quick else 100
    heading("what", "p50 ms", "p95 ms")
    nothing = [_nothing_ms() for _ in range(rounds)]
    row("message to nothing done (a canary: one row)", *middle_and_tail(nothing))
    waits, accepted = [], []
    for _ in range(rounds):
        rig.upstream.set()
        began = time.time()
        ids = rig.submit(1)
        accepted.append((time.time() - began) * 1000)
        rig.wait_for(ids)
        waits.append((rig.upstream.seen()["first_at"] - began) * 1000)
    row("acceptance (checks, row, message)", *middle_and_tail(accepted))
    row("acceptance to the call's arrival", *middle_and_tail(waits))
    row("row committed to sent_at", *middle_and_tail(_sent_after_ms()))


def _by_turns(
    rig: Rig, picture: str, latency_s: float, rounds: int
) -> tuple[list[float], list[float], list[float]]:
    bare, opened, ours = [], [], []
    with tempfile.TemporaryDirectory(dir=rig.folder) as folder:
        for _ in range(rounds):
            bare.append(bare_call(rig.upstream.url, Path(folder)) * 1000)
            opened.append(looked_at_call(rig.upstream.url, Path(folder)) * 1000)
            began = time.perf_counter()
            ids = rig.submit(1, picture)
            # Looking before it can be there would only take CPU away from it.
            time.sleep(latency_s)
            rig.wait_for(ids)
            ours.append((time.perf_counter() - began) * 1000)
            _let_the_afterwork_end(ids)
    return bare, opened, ours


def _let_the_afterwork_end(ids: list[UUID]) -> None:
    while Job.objects.filter(pk__in=ids, thumbs_at=None).exists():
        time.sleep(0.005)


def _nothing_ms() -> float:
    began = time.time()
    ring(heartbeats.CANARY_ID)
    while True:
        at = Pulse.objects.filter(name=heartbeats.WORKER).values_list("at", flat=True).first()
        if at is not None and at.timestamp() >= began:
            return (at.timestamp() - began) * 1000
        time.sleep(0.001)


def _sent_after_ms() -> list[float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM sent_at - created_at)::float * 1000 FROM jobs_attempt"
            " JOIN jobs_job ON jobs_job.id = job_id"
        )
        return [found for (found,) in cursor.fetchall()]
