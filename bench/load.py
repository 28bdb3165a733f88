"""Many jobs at once in one worker: how fast, with how much, and what becomes of them at its end."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from bench.floor import bare_calls, our_call
from bench.rig import Rig, Worker
from bench.tables import heading, row
from jobs.models import Attempt, Job
from jobs.states import FINAL, State

LATENCY_S = 5.0


def inflight(rig: Rig, quick: bool) -> None:
    """The service answers all calls in one instant, `LATENCY_S` after the last of them came.

    The best that could be is `LATENCY_S` from the last call to the last picture.
    """
    heading(
        "calls",
        "in flight at most",
        "to get there s",
        "last call to last picture s",
        "ratio to ideal",
        "lost",
        "PSS idle MB",
        "PSS peak MB",
        "MB per 100",
        "CPU ms a job",
    )
    for count in (20, 40) if quick else (200, 500, 1000):
        worker = rig.worker(count)
        rig.upstream.set(LATENCY_S, together=count)
        idle_mb, before_s = worker.pss_mb(), worker.cpu_s()
        with _watched(worker) as peaks:
            ids = rig.submit(count)
            rig.wait_for(ids, every_s=0.1)
            ended = time.time()
        seen = rig.upstream.seen()
        wall_s, cpu_ms = ended - seen["last_at"], (worker.cpu_s() - before_s) / count * 1000
        grown_mb = max(peaks) - idle_mb
        row(
            count,
            seen["most_in_flight"],
            seen["last_at"] - seen["first_at"],
            wall_s,
            wall_s / LATENCY_S,
            _lost(ids),
            idle_mb,
            max(peaks),
            grown_mb / count * 100,
            cpu_ms,
        )
        worker.kill()


def throughput(rig: Rig, quick: bool) -> None:
    """Jobs accepted in one go, with a service that takes no time, until the last one is final."""
    count = 30 if quick else 400
    worker = rig.worker(50)
    heading("what", "jobs/s", "ratio", "worker's CPU ms a job", "with its decoders")
    rig.upstream.set()
    with tempfile.TemporaryDirectory(dir=rig.folder) as folder:
        floor = count / bare_calls(rig.upstream.url, Path(folder), count, 8)
        row("bare `requests`, 8 threads", floor, 1.0, "", "")
        began = time.perf_counter()
        for _ in range(count):
            our_call(rig.upstream.url, Path(folder))
        client = count / (time.perf_counter() - began)
        row("the studio's client alone, 1 thread", client, client / floor, "", "")
    before_s = (worker.own_cpu_s(), worker.cpu_s())
    began = time.perf_counter()
    ids = rig.submit(count)
    accepted = count / (time.perf_counter() - began)
    rig.wait_for(ids, every_s=0.05)
    done = count / (time.perf_counter() - began)
    row("acceptance alone (the door's part)", accepted, accepted / floor, "", "")
    row("jobs, accepted to stored", done, done / floor, *_cpu_ms(worker, before_s, count))
    _until_small_copies_are_there(ids)
    whole = count / (time.perf_counter() - began)
    row("jobs with small copies", whole, whole / floor, *_cpu_ms(worker, before_s, count))


def stop(rig: Rig, quick: bool) -> None:
    """SIGTERM while calls are in flight and as many jobs still wait."""
    count = 10 if quick else 200
    worker = rig.worker(count)
    rig.upstream.set(LATENCY_S, together=count)
    ids = rig.submit(count * 2)
    while rig.upstream.seen()["calls"] < count:
        time.sleep(0.05)
    took_s = worker.stop(LATENCY_S + 300)
    jobs = Job.objects.filter(pk__in=ids)
    heading(
        "in flight", "exit after s", "latency s", "succeeded", "still queued", "others", "run twice"
    )
    by_state = {state: jobs.filter(state=state).count() for state in State}
    others = len(ids) - by_state[State.SUCCEEDED] - by_state[State.QUEUED]
    calls = Attempt.objects.filter(job__in=ids).count()
    twice = calls - Attempt.objects.filter(job__in=ids).values("job").distinct().count()
    done, waiting = by_state[State.SUCCEEDED], by_state[State.QUEUED]
    row(count, took_s, LATENCY_S, done, waiting, others, twice)


@contextmanager
def _watched(worker: Worker) -> Iterator[list[float]]:
    """The worker's memory, several times a second."""
    peaks, done = [worker.pss_mb()], threading.Event()

    def watch() -> None:
        while not done.wait(0.25):
            peaks.append(worker.pss_mb())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


def _cpu_ms(worker: Worker, before_s: tuple[float, float], count: int) -> Iterator[float]:
    for now_s, then_s in zip((worker.own_cpu_s(), worker.cpu_s()), before_s, strict=True):
        yield (now_s - then_s) / count * 1000


def _lost(ids: list[UUID]) -> int:
    return len(ids) - Job.objects.filter(pk__in=ids, state__in=FINAL).count()


def _until_small_copies_are_there(ids: list[UUID]) -> None:
    while Job.objects.filter(pk__in=ids, thumbs_at=None).exists():
        time.sleep(0.05)
