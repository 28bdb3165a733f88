"""What must hold whatever happened: I1 to I8 of the fault matrix, asked of the rig from outside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from tests.faults.rig import Rig

FINAL = {"succeeded", "failed", "cancelled"}


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
    events: list[tuple[str, str]]
    attempts: list[dict[str, Any]]
    billed_fences: list[int]

    @property
    def name(self) -> str:
        return f"job {self.job['id']} ({self.job['state']})"


def check(rig: Rig) -> Findings:
    """Judge all that the rig was sent since it last forgot."""
    findings, job_ids = Findings(), [each.id for each in rig.sent]
    for case in _cases(rig, job_ids):
        findings.states[case.job["state"]] += 1
        _has_ended_or_waits(case, findings)
        _ended_once(case, findings)
        _was_never_paid_twice_in_silence(case, findings)
        _every_call_left_a_row(case, findings)
    _pictures_are_whole(rig, job_ids, findings)
    _nobody_saw_a_crash(rig, findings)
    return findings


def _has_ended_or_waits(case: Case, findings: Findings) -> None:
    """I1."""
    waits = case.job["state"] == "held" and case.job["held_until"] is not None
    findings.expect(case.job["state"] in FINAL or waits, f"I1 {case.name} is stuck")


def _ended_once(case: Case, findings: Findings) -> None:
    """I2: one last event, and a chain without a gap before it."""
    ends = [target for _, target in case.events if target in FINAL]
    findings.expect(len(ends) <= 1, f"I2 {case.name} ended {len(ends)} times")
    sources = [source for source, _ in case.events[1:]]
    targets = [target for _, target in case.events[:-1]]
    findings.expect(sources == targets, f"I2 {case.name} jumped: {case.events}")
    findings.expect(case.events[-1][1] == case.job["state"], f"I2 {case.name} has no event")


def _was_never_paid_twice_in_silence(case: Case, findings: Findings) -> None:
    """I3: a second call follows a known refusal, or a decision."""
    harmless = {"rejected", "not_sent"}
    known = {attempt["fence"] for attempt in case.attempts if attempt["outcome"] in harmless}
    doubtful = [fence for fence in case.billed_fences if fence not in known]
    decided = case.events.count(("held", "queued"))
    findings.expect(
        len(doubtful) <= 1 + decided, f"I3 {case.name} was called {case.billed_fences} in silence"
    )


def _every_call_left_a_row(case: Case, findings: Findings) -> None:
    """I6, and G6: what the upstream saw, we have a row of."""
    noted = {attempt["fence"] for attempt in case.attempts}
    findings.expect(
        set(case.billed_fences) <= noted, f"I6 {case.name}: calls without a row {noted}"
    )
    unpriced = [
        attempt
        for attempt in case.attempts
        if attempt["outcome"] == "answered" and attempt["usage"] and not attempt["cost_microusd"]
    ]
    findings.expect(not unpriced, f"I6 {case.name}: answered without a price")
    if case.job["state"] == "held":
        # Its answer, if it came, would have ended it; so its money is in doubt.
        findings.expect(bool(case.job["may_be_billed"]), f"I6 {case.name} does not say so")


def _pictures_are_whole(rig: Rig, job_ids: list[str], findings: Findings) -> None:
    """I4 and I5: every named file is there with its hash and opens; only ended jobs have rows."""
    rows = rig.rows(
        "SELECT i.key, i.sha256, j.state FROM jobs_image i JOIN jobs_job j ON j.id = i.job_id"
        " WHERE j.id = ANY(%s::uuid[])",
        job_ids,
    )
    for key, digest, state in rows:
        findings.expect(state == "succeeded", f"G5 {key} is shown of a {state} job")
        problem = _problem_of(rig.blobs / key, digest)
        findings.expect(not problem, f"I4 {key}: {problem}")
    empty = rig.rows(
        "SELECT id FROM jobs_job j WHERE id = ANY(%s::uuid[]) AND state = 'succeeded'"
        " AND NOT EXISTS (SELECT 1 FROM jobs_image i WHERE i.job_id = j.id)",
        job_ids,
    )
    findings.expect(not empty, f"I4 succeeded without a picture: {empty}")
    halves = [path for path in rig.blobs.rglob("*") if path.name.endswith(".part")]
    findings.expect(not halves, f"I5 halves under a final name: {halves}")


def _problem_of(path: Path, digest: str) -> str:
    if not path.exists():
        return "its file is missing"
    content = path.read_bytes()
    if sha256(content).hexdigest() != digest:
        return "its bytes are others"
    with Image.open(path) as picture:
        picture.load()
    return ""


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
            [(e["source"], e["target"]) for e in events if e["job_id"] == job["id"]],
            [attempt for attempt in attempts if attempt["job_id"] == job["id"]],
            [each.fence for each in asked if each.job_id == str(job["id"])],
        )
        for job in jobs
    ]


def _dicts(rig: Rig, statement: str, job_ids: list[str]) -> list[dict[str, Any]]:
    return [row for (row,) in rig.rows(f"SELECT to_jsonb(r) FROM ({statement}) r", job_ids)]  # noqa: S608 - Our own statements.
