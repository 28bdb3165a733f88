"""C07 for a minute; `python -m tests.faults.soak` goes on for as long as you like."""

import pytest

from tests.faults.rig import Rig
from tests.faults.soak import Soak


@pytest.mark.slow_fault
@pytest.mark.parametrize("seed", [1, 2])
def test_c07_random_faults(rig: Rig, seed: int) -> None:
    report = Soak(rig, seed).run(60)

    assert report.findings.problems == []
    assert report.faults.total() > 10
