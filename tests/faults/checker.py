"""What must hold whatever happened: I1 to I8 of the fault matrix, asked of the rig from outside.

What the studio says of itself is held against what the upstream saw and what lies on the disks.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.faults import places, shelves
from tests.faults.ledger import Asked

if TYPE_CHECKING:
    from tests.faults.rig import Rig

FINAL = {"succeeded", "failed", "cancelled"}
IN_DOUBT = {"sent", "unknown"}
SAID_TO_BE_FREE = {"not_sent", "rejected"}
RETRIES_BY_POLICY = 1  # STUDIO_HELD_RETRIES, which the rig leaves alone.


@dataclass
class Findings:
    """Counts for the report, and what is wrong in words."""

    states: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def expect(self, holds: bool, problem: str) -> None:
        if not holds:
            self.problems.append(problem)


@dataclass(frozen=True)
class Case:
    """One job and everything that is known about it."""

    job: dict[str, Any]
    events: list[dict[str, Any]]
    attempts: dict[int, dict[str, Any]]  # By fence, as are the calls.
    calls: list[Asked]  # Those that reached the upstream whole.
    may_go_again: bool  # By the policy that the row gave it.

    @property
    def name(self) -> str:
        return f"job {self.job['id']} ({self.job['state']})"

    @property
    def decisions(self) -> int:
        """How often it may have been sent once more though its outcome was unknown."""
        again = [e for e in self.events if (e["source"], e["target"]) == ("held", "queued")]
        by_people = sum(event["actor_id"] is not None for event in again)
        by_policy = min(len(again) - by_people, RETRIES_BY_POLICY) if self.may_go_again else 0
        return by_people + by_policy


def check(rig: Rig) -> Findings:
    """Judge all that the rig was sent since it last forgot."""
    findings, job_ids = Findings(), [each.id for each in rig.sent]
    for case in _cases(rig, job_ids):
        findings.states[case.job["state"]] += 1
        _has_ended_or_waits(case, findings)
        _ended_once(case, findings)
        _was_never_paid_twice_in_silence(case, findings)
        _every_call_left_a_row(case, findings)
        _every_price_is_the_bills(case, findings)
    findings.problems += shelves.problems(rig, job_ids)
    taken = places.still_taken(rig)
    findings.expect(not taken, f"I7 places are taken at rest: {taken}")
    _nobody_saw_a_crash(rig, findings)
    return findings


def _has_ended_or_waits(case: Case, findings: Findings) -> None:
    """I1."""
    waits = case.job["state"] == "held" and case.job["held_until"] is not None
    findings.expect(case.job["state"] in FINAL or waits, f"I1 {case.name} is stuck")


def _ended_once(case: Case, findings: Findings) -> None:
    """I2: one last event, and a chain without a gap before it."""
    ways = [(event["source"], event["target"]) for event in case.events]
    ends = [target for _, target in ways if target in FINAL]
    findings.expect(len(ends) <= 1, f"I2 {case.name} ended {len(ends)} times")
    sources = [source for source, _ in ways[1:]]
    targets = [target for _, target in ways[:-1]]
    findings.expect(sources == targets, f"I2 {case.name} jumped: {ways}")
    findings.expect(ways[-1][1] == case.job["state"], f"I2 {case.name} has no event")


def _was_never_paid_twice_in_silence(case: Case, findings: Findings) -> None:
    """I3: a second call follows what the upstream itself refused, or a decision.

    What we noted of a call excuses nothing: to take one that arrived for one that did not is the
    very way to pay twice.
    """
    billed = [call.fence for call in case.calls if call.may_be_billed]
    findings.expect(
        len(billed) <= 1 + case.decisions, f"I3 {case.name} was called {billed} in silence"
    )
    for call in case.calls:
        noted = case.attempts.get(call.fence, {}).get("outcome")
        findings.expect(
            not call.may_be_billed or noted not in SAID_TO_BE_FREE,
            f"I3 {case.name}: call {call.fence} is noted as {noted}, and was carried out",
        )


def _every_call_left_a_row(case: Case, findings: Findings) -> None:
    """I6, and G6: what the upstream saw we have a row of, and made up none."""
    called = {call.fence for call in case.calls}
    answered = {f for f, row in case.attempts.items() if row["outcome"] == "answered"}
    unnoted, unseen = called - set(case.attempts), answered - called
    findings.expect(not unnoted, f"I6 {case.name}: calls without a row {unnoted}")
    findings.expect(not unseen, f"I6 {case.name}: answers that nobody gave {unseen}")
    # Its answer, if it came, would have ended it; so its money is in doubt.
    doubts = {row["fence"] for row in case.attempts.values() if row["outcome"] in IN_DOUBT}
    if case.job["state"] == "held" or doubts:
        findings.expect(bool(case.job["may_be_billed"]), f"I6 {case.name} does not say so")


def _every_price_is_the_bills(case: Case, findings: Findings) -> None:
    """I6: what a row says that its call cost is what the upstream charged, or it is unknown."""
    prices = {call.fence: call.reply.microusd(case.job["model"]) for call in case.calls}
    for fence, row in case.attempts.items():
        expected = None if row["outcome"] in IN_DOUBT else prices.get(fence, 0)
        findings.expect(
            row["cost_microusd"] == expected,
            f"I6 {case.name}: call {fence} cost {expected}, noted as {row['cost_microusd']}",
        )
    known = [row["cost_microusd"] for row in case.attempts.values()]
    if case.job["state"] == "succeeded":
        total = None if None in known else sum(known)
        cost = case.job["cost_microusd"]
        findings.expect(cost == total, f"I6 {case.name} cost {total}, and says {cost}")


def _nobody_saw_a_crash(rig: Rig, findings: Findings) -> None:
    """I8: no 500 on a page, no key and no prompt in a log."""
    findings.expect(500 not in rig.statuses, "I8 somebody saw a 500")
    logs = rig.new_words()
    for secret in (rig.canary_key, "red fox-"):
        findings.expect(secret not in logs, f"I8 a log holds {secret!r}")


def _cases(rig: Rig, job_ids: list[str]) -> list[Case]:
    jobs = _dicts(rig, "SELECT * FROM jobs_job WHERE id = ANY(%s::uuid[]) ORDER BY id", job_ids)
    attempts = _dicts(
        rig, "SELECT * FROM jobs_attempt WHERE job_id = ANY(%s::uuid[]) ORDER BY fence", job_ids
    )
    events = _dicts(
        rig, "SELECT * FROM jobs_event WHERE job_id = ANY(%s::uuid[]) ORDER BY id", job_ids
    )
    asked = [each for each in list(rig.upstream.asked) if each.is_whole]
    return [
        Case(
            job,
            [event for event in events if event["job_id"] == job["id"]],
            {each["fence"]: each for each in attempts if each["job_id"] == job["id"]},
            [each for each in asked if each.job_id == str(job["id"])],
            job["id"] in rig.may_go_again,
        )
        for job in jobs
    ]


def _dicts(rig: Rig, statement: str, job_ids: list[str]) -> list[dict[str, Any]]:
    return [row for (row,) in rig.rows(f"SELECT to_jsonb(r) FROM ({statement}) r", job_ids)]  # noqa: S608 - Our own statements.
