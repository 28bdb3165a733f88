"""C07 for a minute; `python -m tests.faults.soak` goes on for as long as you like."""

import pytest

from tests.faults.rig import Rig
from tests.faults.scenes import outcome
from tests.faults.soak import ODD, Soak


@pytest.mark.slow_fault
@pytest.mark.parametrize(
    ("name", "state", "calls"),
    [
        ("page with 500", "held", 1),
        ("mesh with 503", "held", 1),
        ("safety with 200", "failed", 1),
        ("words with 200", "failed", 1),
        ("quota with 200", "succeeded", 2),
        ("forbidden prompt", "failed", 1),
        ("page of a firewall", "failed", 1),
        ("more than its limit", "failed", 1),
        ("a bill of nothing", "succeeded", 1),
    ],
)
def test_c07_each_odd_answer(rig: Rig, name: str, state: str, calls: int) -> None:
    job = outcome(rig, ODD[name])

    assert (job["state"], job["calls"]) == (state, calls)


@pytest.mark.slow_fault
@pytest.mark.parametrize("seed", [1, 2])
def test_c07_random_faults(rig: Rig, seed: int) -> None:
    report = Soak(rig, seed).run(60)

    assert report.findings.problems == []
    assert report.faults.total() > 10
