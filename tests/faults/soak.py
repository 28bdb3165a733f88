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
from tests.faults.checker import Findings, check
from tests.faults.ledger import after
from tests.faults.rig import LEASE_S, Rig, Sent, running_rig
from tests.upstream import Behaviour

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
        token, key = uuid4().hex[:12], str(uuid4())
        self.rig.upstream.plan(token, *self._plan())
        give_up_at = time.monotonic() + 90
        while time.monotonic() < give_up_at:
            with suppress(requests.RequestException):
                if self.rig.post(token, key=key).status_code == 200:
                    self.rig.find(token)
                    return
            self.rig.tend()
            time.sleep(0.3)
        self.report.findings.problems.append(f"nobody accepted {token}")

    def do_harm(self) -> None:
        harm = self.chance.choice(HARMS)
        self.report.faults[harm.__name__.replace("_", " ")] += 1
        harm(self)
        time.sleep(self.chance.uniform(0, 1.5))

    def any_worker(self) -> str:
        return self.chance.choice(("worker-1", "worker-2"))

    def _plan(self) -> list[Behaviour]:
        roll = self.chance.random()
        wait_s = self.chance.uniform(0.1, 3)
        if roll < 0.6:
            return [after(lambda: time.sleep(wait_s))]
        if roll < 0.75:
            return []
        trouble: Behaviour = self.chance.choice(
            (
                scripts.reply({"error": {"message": "x", "code": "server_error"}}, 500),
                scripts.reply({"error": {"message": "x", "code": "invalid_value"}}, 400),
                scripts.html(502),
                scripts.cut(900, scripts.images_answer()),
                scripts.reset_after_request(),
                scripts.reply({"data": []}),
            )
        )
        return [trouble]

    def _look_at_memory(self) -> None:
        with suppress(psutil.NoSuchProcess):
            memory = psutil.Process(self.rig.pid("worker-1")).memory_info()
            self.report.memory_mib.append(memory.rss / 2**20)

    def _judge(self) -> Report:
        self.rig.mend()
        self._until_all_are_settled()
        proof = [self.rig.submit() for _ in range(8)]  # I7: nothing is worn out.
        self.rig.wait_for_all(proof)
        findings = check(self.rig)
        findings.problems += self.report.findings.problems
        findings.expect(
            {self.rig.state(each) for each in proof} == {"succeeded"}, "I7 it is worn out"
        )
        calls = self.rig.upstream.billed()
        self.report.findings, self.report.calls = findings, calls.total()
        self.report.second_calls = sum(count - 1 for count in calls.values())
        return self.report

    def _until_all_are_settled(self) -> None:
        with suppress(AssertionError):  # The checker names those that are stuck.
            self.rig.wait_for_all(self.rig.sent, within_s=90)


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
