"""What the gateway adds to a call of the service behind it: `python -m bench.gateway`.

The same client asks the upstream itself, the studio's gateway and a plain LiteLLM proxy, one after
the other in one run. The studio stores, hashes and draws small copies of every picture besides;
LiteLLM hands them through. `--pending` asks how much a waiting client costs. LiteLLM is installed
into an environment of its own under var/; where that can't be done, its rows are missing and it
says so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bench.gateway_litellm import litellm
from bench.rig import MODEL, NAMES, SIZES, Rig, Worker, pss_mb, rig
from bench.tables import heading, middle_and_tail, row

LIMITS = ("KEY_REQUESTS_PER_MINUTE", "MEMBER_REQUESTS_PER_MINUTE", "MAX_QUEUED", "MAX_PENDING")
PATIENCE_S = 300.0
PENDING_S = 8.0


@dataclass(frozen=True)
class Place:
    """Somebody who answers /images/generations, and how much memory that takes."""

    name: str
    url: str
    secret: str
    memory_mb: Callable[[], float]


@dataclass(frozen=True)
class Case:
    clients: int
    latency_s: float
    calls: int
    picture: str = "small"

    @property
    def body(self) -> bytes:
        fields = {"model": MODEL, "prompt": "an otter", "size": SIZES[self.picture]}
        return json.dumps(fields).encode()


@dataclass(frozen=True)
class Timing:
    seconds: list[float]
    wall_s: float
    failed: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny numbers, to see that it runs")
    parser.add_argument("--pending", type=int, default=0, metavar="N", help="so many wait at once")
    options = parser.parse_args()
    with rig(**{f"STUDIO_GATEWAY_{name}": "1000000" for name in LIMITS}) as ours:
        if options.pending:
            measure_pending(ours, options.pending)
            return
        with _places(ours) as places:
            compare(ours, places, quick=options.quick)


def compare(ours: Rig, places: list[Place], *, quick: bool) -> None:
    heading(
        *(
            "clients",
            "upstream s",
            "answer",
            "who",
            "p50 ms",
            "p95 ms",
            "added p50 ms",
            "ratio to LiteLLM",
        ),
        *("req/s", "memory MB", "failed"),
    )
    for case in _cases(quick):
        ours.upstream.set(case.latency_s, picture=case.picture)
        found = {place.name: asyncio.run(_measure(place, case)) for place in places}
        bare_ms = middle_and_tail(found["upstream itself"].seconds)[0] * 1000
        added = {name: middle_and_tail(t.seconds)[0] * 1000 - bare_ms for name, t in found.items()}
        for place in places:
            timing = found[place.name]
            middle_s, tail_s = middle_and_tail(timing.seconds)
            row(
                case.clients,
                case.latency_s,
                NAMES[case.picture],
                place.name,
                middle_s * 1000,
                tail_s * 1000,
                added[place.name],
                added[place.name] / added["LiteLLM"] if "LiteLLM" in added else "",
                len(timing.seconds) / timing.wall_s,
                place.memory_mb(),
                timing.failed,
            )


def measure_pending(ours: Rig, count: int) -> None:
    """So many clients wait at once; the web process is looked at while they do."""
    heading("waiting", "web idle MB", "pending MB", "KB a pending call", "answered", "last after s")
    place, web_pid, _ = _studio(ours)
    for _ in range(5):
        asyncio.run(_measure(place, Case(4, 0.0, 4)))
    ours.upstream.set(PENDING_S)
    idle_mb = pss_mb(web_pid)
    pending_mb, timing = asyncio.run(_look_while_pending(place, count, web_pid))
    each_kb = (pending_mb - idle_mb) * 1000 / count
    answered = len(timing.seconds) - timing.failed
    row(count, idle_mb, pending_mb, each_kb, answered, max(timing.seconds))


async def _look_while_pending(place: Place, count: int, web_pid: int) -> tuple[float, Timing]:
    running = asyncio.create_task(_measure(place, Case(count, PENDING_S, count), warm_up=0))
    await asyncio.sleep(PENDING_S * 0.7)
    pending_mb = await asyncio.to_thread(pss_mb, web_pid)
    return pending_mb, await running


def _cases(quick: bool) -> Iterator[Case]:
    yield Case(1, 0.0, 8 if quick else 60)
    yield Case(1, 1.0, 3 if quick else 15)
    yield Case(1, 0.0, 3 if quick else 20, "large")
    yield Case(50, 0.0, 50 if quick else 300)
    yield Case(50, 1.0, 50 if quick else 300)


async def _measure(place: Place, case: Case, warm_up: int = 3) -> Timing:
    for _ in range(warm_up):
        await _call(place, case.body)
    queue = iter(range(case.calls))
    seconds: list[float] = []
    failed = 0

    async def client() -> None:
        nonlocal failed
        for _ in queue:
            began = time.perf_counter()
            is_good = await _call(place, case.body)
            seconds.append(time.perf_counter() - began)
            failed += not is_good

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(case.clients)))
    return Timing(seconds, time.perf_counter() - began, failed)


async def _call(place: Place, body: bytes) -> bool:
    """One request on a connection of its own, read to its last byte."""
    host, _, path = place.url.removeprefix("http://").partition("/")
    head = (
        f"POST /{path}/images/generations HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        f"Authorization: Bearer {place.secret}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(*host.split(":"), limit=1 << 20)
        try:
            writer.write(head.encode() + body)
            status = await reader.readline()
            byte_count = 0
            while piece := await reader.read(1 << 20):
                byte_count += len(piece)
            return b" 200 " in status and byte_count > 100_000
        finally:
            writer.close()


@contextmanager
def _places(ours: Rig) -> Iterator[list[Place]]:
    place, web_pid, worker = _studio(ours)
    studio = replace(place, memory_mb=_memory(worker, web_pid))
    places = [Place("upstream itself", ours.upstream.url, "sk-bench", lambda: 0.0), studio]
    with litellm(ours.upstream.url, MODEL) as proxy:
        if proxy is not None:
            memory = lambda: pss_mb(proxy.pid)  # noqa: E731 - a place asks for it later
            places.append(Place("LiteLLM", proxy.url, proxy.secret, memory))
        yield places


def _studio(ours: Rig) -> tuple[Place, int, Worker]:
    worker = ours.worker(1100)
    web, address = ours.web()
    return Place("the studio", f"{address}/v1", _secret(ours), lambda: 0.0), web.pid, worker


def _memory(worker: Worker, web_pid: int) -> Callable[[], float]:
    return lambda: worker.pss_mb() + pss_mb(web_pid)


def _secret(ours: Rig) -> str:
    from jobs.services.programs import keys
    from jobs.services.programs.keys import Terms

    owner = ours.owner(0)
    return keys.create(owner, owner.teams.get(), Terms(name="bench")).secret


if __name__ == "__main__":
    main()
