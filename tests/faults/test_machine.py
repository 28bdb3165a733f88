"""F39 to F42: clocks that jump, too much work, too few files."""

import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.ledger import when_released
from tests.faults.rig import Rig

HOUR_S = 3600


@pytest.fixture
def clock(rig: Rig) -> Iterator[Path]:
    """A file with the seconds by which a program that loads the shim is wrong."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("the clock's shim needs a C compiler")
    shim, jump = rig.folder / "clock.so", rig.folder / "jump"
    source = Path(__file__).with_name("clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
    jump.write_text("0")
    jump.chmod(0o644)
    shim.chmod(0o755)
    yield jump
    jump.write_text("0")
    rig.wear_own_environment()


def bend_clock(rig: Rig, clock: Path, *names: str) -> None:
    for name in names:
        rig.restart_with(name, LD_PRELOAD=str(rig.folder / "clock.so"), CLOCK_JUMP=str(clock))


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_f39_the_clock_of_a_worker_and_the_sweeper_jumps(
    rig: Rig, clock: Path, jump_s: int
) -> None:
    bend_clock(rig, clock, "worker-1", "sweeper")
    rig.take_away("worker-2")
    sent = rig.submit_and_wait_for_call(when_released)

    clock.write_text(str(jump_s))
    another = rig.submit()
    rig.upstream.release()

    assert rig.wait_until(sent)["state"] == "succeeded"
    assert rig.wait_until(another)["state"] == "succeeded"
    assert rig.events(sent) == ["queued", "running", "succeeded"]


def test_f40_the_clock_of_the_database_jumps(rig: Rig, clock: Path) -> None:
    """Leases lapse early: at worst a job is held, and its answer still finds it."""
    bend_clock(rig, clock, "postgres")
    rig.wait_for(rig.is_ready)
    sent = rig.submit_and_wait_for_call(when_released)

    clock.write_text("600")
    rig.wait_until(sent, "held", "running")
    rig.upstream.release()

    assert rig.wait_until(sent, "succeeded", "held")["state"] == "succeeded"
    assert rig.calls(sent) == 1
    clock.write_text("0")


@pytest.mark.slow_fault
def test_f41_five_hundred_jobs_at_once(rig: Rig) -> None:
    sent = [rig.submit() for _ in range(500)]

    rig.wait_for_all(sent, within_s=240)

    assert {rig.state(each) for each in sent} == {"succeeded"}
    assert all(rig.calls(each) == 1 for each in sent)


def test_f42_a_worker_that_may_open_no_more_files(rig: Rig) -> None:
    rig.take_away("worker-2")
    process = rig.pid("worker-1")
    limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
    open_files = len(list(Path(f"/proc/{process}/fd").iterdir()))
    resource.prlimit(process, resource.RLIMIT_NOFILE, (open_files + 2, limits[1]))

    sent = [rig.submit() for _ in range(6)]
    rig.wait_for(lambda: any(rig.job(each)["attempt"] for each in sent))
    resource.prlimit(process, resource.RLIMIT_NOFILE, limits)
    rig.write("UPDATE jobs_job SET run_after = now() WHERE state = 'queued'")

    rig.wait_for_all(sent)
    assert all(rig.calls(each) <= 1 for each in sent)
    after = rig.submit()
    assert rig.wait_until(after)["state"] == "succeeded"
