"""C07: random faults for as long as you like, judged at the end by the checker.

    .venv-test/bin/python -m tests.faults.soak --minutes 10 --seed 7

The same seed draws the same faults in the same order; what they meet depends on the machine.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

import psutil
import redis
import requests

from tests import upstream as scripts
from tests.corpus.refusals import FLAGGED, RESET, TEXT, too_fast
from tests.corpus.refused_accounts import XAI
from tests.corpus.usages import usage
from tests.faults import places
from tests.faults.checker import Findings, check
from tests.faults.ledger import after
from tests.faults.rig import LEASE_S, PLACES, Rig, Sent, running_rig
from tests.faults.scenes import away, refusal
from tests.images_api.events import completed, cut_stream, partial, stream
from tests.upstream import Behaviour, png_bytes

POINTS = (
    "after_claim",
    "before_attempt",
    "after_attempt",
    "after_answer",
    "after_manifest",
    "after_finish",
    "before_recovery",
)


@dataclass
class Report:
    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)
    calls: int = 0
    second_calls: int = 0
    memory_mib: list[float] = field(default_factory=list)

    def lines(self) -> list[str]:
        drawn = ", ".join(f"{count} {name}" for name, count in self.faults.most_common())
        jobs = ", ".join(f"{count} {state}" for state, count in self.findings.states.most_common())
        return [
            f"seed {self.seed}",
            f"faults {self.faults.total()}: {drawn}",
            f"asked for {', '.join(f'{count} {kind}' for kind, count in self.kinds.most_common())}",
            f"jobs {self.findings.states.total()}: {jobs}",
            f"calls {self.calls}, of them second calls of a job {self.second_calls}",
            f"memory of a worker, MiB: {' '.join(f'{size:.0f}' for size in self.memory_mib)}",
            *(self.findings.problems or ["the checker found nothing: I1 to I8 hold"]),
        ]


class Soak:
    def __init__(self, rig: Rig, seed: int) -> None:
        self.rig = rig
        self.chance = random.Random(seed)  # noqa: S311 - Repeatable on purpose.
        self.report = Report(seed)

    def run(self, for_s: float) -> Report:
        until, next_look = time.monotonic() + for_s, 0.0
        self.rig.forget()
        while time.monotonic() < until:
            for _ in range(self.chance.randint(1, 4)):
                self.submit()
            self.do_harm()
            self.rig.tend()
            if time.monotonic() > next_look:
                self._look_at_memory()
                next_look = time.monotonic() + for_s / 8
        return self._judge()

    def submit(self) -> None:
        """Send a form until it is accepted, as a stubborn person would: with the same key."""
        kind = self.chance.choice(KINDS)
        self.report.kinds[kind.__name__.strip("_").replace("_", " ")] += 1
        fields, whole = kind(self)
        token = uuid4().hex[:12]
        self.rig.upstream.plan(token, *self._plan(whole))
        fields["key"] = str(uuid4())
        if not self._insist(lambda: self.rig.post(token, **fields).status_code == 200):
            self.report.findings.problems.append(f"nobody accepted {token}")
            return
        self.rig.find(token)

    def upload(self) -> str:
        """A picture for an edit, brought as stubbornly; none at all is a finding."""
        brought: list[str] = []

        def bring() -> bool:
            brought.append(self.rig.upload(png_bytes(64, 64, "gold")))
            return True

        if not self._insist(bring):
            self.report.findings.problems.append("nobody took a picture")
        return brought[-1] if brought else ""

    def _insist(self, attempt: Callable[[], bool]) -> bool:
        give_up_at = time.monotonic() + 90
        while time.monotonic() < give_up_at:
            with suppress(requests.RequestException, AssertionError):
                if attempt():
                    return True
            self.rig.tend()
            time.sleep(0.3)
        return False

    def do_harm(self) -> None:
        harm = self.chance.choice(HARMS)
        self.report.faults[harm.__name__.replace("_", " ")] += 1
        harm(self)
        time.sleep(self.chance.uniform(0, 1.5))

    def any_worker(self) -> str:
        return self.chance.choice(("worker-1", "worker-2"))

    def _plan(self, whole: Behaviour | None) -> list[Behaviour]:
        """How its calls are answered; `whole` is a good answer, where it isn't the usual one."""
        roll = self.chance.random()
        wait_s = self.chance.uniform(0.1, 3)
        good = [after(lambda: time.sleep(wait_s), whole)]
        if roll < 0.6:
            return good
        if roll < 0.7:
            return [whole] if whole else []
        trouble: Behaviour = self.chance.choice((*TROUBLES, *ODD.values()))
        return [trouble, *good]

    def _look_at_memory(self) -> None:
        with suppress(psutil.NoSuchProcess):
            memory = psutil.Process(self.rig.pid("worker-1")).memory_info()
            self.report.memory_mib.append(memory.rss / 2**20)

    def _judge(self) -> Report:
        self.rig.mend()
        self._until_all_are_settled()
        findings = check(self.rig)
        places.forget(self.rig)
        findings.expect(places.can_all_be_taken(self.rig, PLACES), "I7 it is worn out")
        findings.problems += self.report.findings.problems
        calls = self.rig.upstream.calls_by_job()
        self.report.findings, self.report.calls = findings, calls.total()
        self.report.second_calls = sum(count - 1 for count in calls.values())
        return self.report

    def _until_all_are_settled(self) -> None:
        with suppress(AssertionError):  # The checker names those that are stuck.
            self.rig.wait_for_all(self.rig.sent, within_s=90)


Wish = tuple[dict[str, str], Behaviour | None]


def _a_picture(soak: Soak) -> Wish:
    return {}, None


def _several_pictures(soak: Soak) -> Wish:
    return {"n": str(soak.chance.randint(2, 4))}, None


def _a_stream(soak: Soak) -> Wish:
    return {"partial_images": "2"}, stream(partial(0), partial(1), completed())


def _an_edit(soak: Soak) -> Wish:
    return {"operation": "edit", "images": soak.upload()}, None


KINDS: tuple[Callable[[Soak], Wish], ...] = (
    _a_picture,
    _a_picture,
    _several_pictures,
    _a_stream,
    _an_edit,
)

TROUBLES: tuple[Behaviour, ...] = (
    scripts.reply(refusal("server_error"), 500),
    scripts.reply(refusal("invalid_value"), 400),
    scripts.reply(refusal("rate_limit_exceeded"), 429, {"Retry-After": "1"}),
    scripts.reply(refusal("rate_limit_exceeded"), 429),
    scripts.reply(refusal("invalid_api_key"), 401),
    scripts.html(502),
    scripts.cut(900, scripts.images_answer()),
    cut_stream(partial(0)),
    scripts.reset_after_request(),
    scripts.reply({"data": []}),
)
# What only seems to be plain.
ODD: dict[str, Behaviour] = {
    "page with 500": scripts.html(500),
    "mesh with 503": scripts.reply(RESET, 503, TEXT),
    "safety with 200": scripts.reply(FLAGGED, 200),
    "words with 200": scripts.reply({"data": [], "error": {"message": "not a multiple of 16"}}),
    "quota with 200": scripts.reply(refusal("insufficient_quota"), 200),
    "forbidden prompt": scripts.reply(XAI, 403),
    "page of a firewall": scripts.html(403),
    "more than its limit": scripts.reply(
        too_fast("Images per min: Limit 5, Requested 10."), 429, {"Retry-After": "1"}
    ),
    "a bill of nothing": scripts.reply(
        scripts.images_answer(usage=usage(output_tokens=0, total_tokens=50))
    ),
}


def worker_killed(soak: Soak) -> None:
    soak.rig.kill(soak.any_worker())


def sweeper_killed(soak: Soak) -> None:
    soak.rig.kill("sweeper")


def web_killed(soak: Soak) -> None:
    soak.rig.kill("web")


def worker_asked_to_stop(soak: Soak) -> None:
    soak.rig.ask(soak.any_worker(), signal.SIGTERM)


def worker_stopped_past_its_lease(soak: Soak) -> None:
    name = soak.any_worker()
    with suppress(ProcessLookupError):
        soak.rig.pause(name)
        time.sleep(LEASE_S + 1.5)
        soak.rig.resume(name)


def broker_flushed(soak: Soak) -> None:
    with suppress(redis.RedisError), soak.rig.broker() as broker:
        broker.flushall()


def broker_killed(soak: Soak) -> None:
    soak.rig.kill("valkey")


def broker_frozen(soak: Soak) -> None:
    soak.rig.broker_proxy.freeze()
    time.sleep(soak.chance.uniform(0.5, 3))
    soak.rig.broker_proxy.heal()


def database_connections_cut(soak: Soak) -> None:
    soak.rig.database_proxy.cut_after_answering(soak.chance.randint(0, 8_000))


def database_away(soak: Soak) -> None:
    soak.rig.database_proxy.refuse()
    time.sleep(soak.chance.uniform(0.5, 5))
    soak.rig.database_proxy.heal()


def database_killed(soak: Soak) -> None:
    soak.rig.take_away("postgres", signal.SIGQUIT)
    soak.rig.start_engine(soak.rig.postgres)


def storage_away(soak: Soak) -> None:
    with away(soak.rig, soak.rig.blobs):
        time.sleep(soak.chance.uniform(0.5, 3))


def spool_away(soak: Soak) -> None:
    with away(soak.rig, soak.rig.spool):
        time.sleep(soak.chance.uniform(0.2, 1))


def upstream_away(soak: Soak) -> None:
    soak.rig.upstream_proxy.refuse()
    time.sleep(soak.chance.uniform(0.2, 2))
    soak.rig.upstream_proxy.heal()


def killed_at_a_point(soak: Soak) -> None:
    soak.rig.order(soak.chance.choice(POINTS))


def messages_repeated(soak: Soak) -> None:
    for sent in soak.rig.sent[-5:]:
        with suppress(Exception):  # The broker may be anything at this moment.
            soak.rig.ring(sent.id)


def job_cancelled(soak: Soak) -> None:
    sent: Sent = soak.chance.choice(soak.rig.sent)
    with suppress(requests.RequestException, AssertionError):
        page = soak.rig.visitor.get(f"/jobs/{sent.id}/")
        soak.rig.visitor.post(f"/jobs/{sent.id}/cancel/", page)


HARMS: tuple[Callable[[Soak], None], ...] = (
    worker_killed,
    sweeper_killed,
    web_killed,
    worker_asked_to_stop,
    worker_stopped_past_its_lease,
    broker_flushed,
    broker_killed,
    broker_frozen,
    database_connections_cut,
    database_away,
    database_killed,
    storage_away,
    spool_away,
    upstream_away,
    killed_at_a_point,
    messages_repeated,
    job_cancelled,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.minutes} minutes", flush=True)
    with running_rig(STUDIO_BREAKER_AFTER="1000") as rig:
        report = Soak(rig, options.seed).run(options.minutes * 60)
    print("\n".join(report.lines()))
    return 1 if report.findings.problems else 0


if __name__ == "__main__":
    sys.exit(main())
