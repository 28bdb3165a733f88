"""F39 to F42: clocks that jump, too much work, too few files."""

import resource
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from imagestudio.engines.clock import build_shim
from tests.faults.ledger import when_released
from tests.faults.rig import Rig, Sent

HOUR_S = 3600
JUMP_S = 600


@dataclass(frozen=True)
class Clock:
    """The seconds by which every program is wrong that wears the shim."""

    rig: Rig
    shim: Path
    jump: Path

    def bend(self, *names: str) -> None:
        for name in names:
            self.rig.restart_with(name, LD_PRELOAD=str(self.shim), CLOCK_JUMP=str(self.jump))
            self.rig.wait_for(partial(self._is_worn_by, name))

    def leap(self, seconds: int) -> None:
        self.jump.write_text(str(seconds))

    def _is_worn_by(self, name: str) -> bool:
        """The loader leaves out in silence what it can't find."""
        return str(self.shim) in Path(f"/proc/{self.rig.pid(name)}/maps").read_text()


@pytest.fixture
def clock(rig: Rig) -> Iterator[Clock]:
    if not (shutil.which("cc") or shutil.which("gcc")):
        pytest.skip("the clock's shim needs a C compiler")
    # Not in the rig's folder: its name has a space, and there LD_PRELOAD begins another library.
    folder = Path(tempfile.mkdtemp(prefix="clock-"))
    clock = Clock(rig, build_shim(folder), folder / "jump")
    clock.leap(0)
    clock.jump.chmod(0o644)
    yield clock
    clock.leap(0)
    rig.wear_own_environment()
    shutil.rmtree(folder)


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_f39_the_clock_of_a_worker_and_the_sweeper_jumps(
    rig: Rig, clock: Clock, jump_s: int
) -> None:
    rig.take_away("worker-2")
    clock.bend("worker-1", "sweeper")
    sent = rig.submit_and_wait_for_call(when_released)

    clock.leap(jump_s)
    another = rig.submit()
    rig.upstream.release()

    assert rig.wait_until(sent)["state"] == "succeeded"
    assert rig.wait_until(another)["state"] == "succeeded"
    assert rig.events(sent) == ["queued", "running", "succeeded"]


def test_f40_the_clock_of_the_database_jumps(rig: Rig, clock: Clock) -> None:
    """Leases lapse early: at worst a job is held, and its answer still finds it."""
    clock.bend("postgres")
    rig.wait_for(rig.is_ready)
    sent = rig.submit_and_wait_for_call(when_released)
    # Stopped, so that no heartbeat takes the new time for its own before the sweeper looks.
    rig.pause(*rig.workers)

    clock.leap(JUMP_S)
    rig.wait_until(sent, "held")
    rig.upstream.release()
    rig.resume(*rig.workers)

    rig.wait_until(sent, "succeeded")
    assert rig.events(sent) == ["queued", "running", "held", "succeeded"]
    assert seconds_between(rig, sent, "running", "held") > JUMP_S - 60
    assert rig.calls(sent) == 1
    clock.leap(0)


def test_f40_the_clock_of_the_database_jumps_under_a_worker_that_lives(
    rig: Rig, clock: Clock
) -> None:
    clock.bend("postgres")
    rig.wait_for(rig.is_ready)
    sent = rig.submit_and_wait_for_call(when_released)

    clock.leap(JUMP_S)
    rig.wait_for(lambda: lease_is_of_the_new_time(rig, sent) or rig.state(sent) == "held")
    rig.upstream.release()

    rig.wait_until(sent, "succeeded")
    assert seconds_between(rig, sent, "running", "succeeded") > JUMP_S - 60
    assert rig.calls(sent) == 1
    clock.leap(0)


def lease_is_of_the_new_time(rig: Rig, sent: Sent) -> bool:
    [(is_new,)] = rig.rows(
        "SELECT lease_until > started_at + make_interval(secs => %s) FROM jobs_job WHERE id = %s",
        JUMP_S - 60,
        sent.id,
    )
    return bool(is_new)


def seconds_between(rig: Rig, sent: Sent, earlier: str, later: str) -> float:
    """By the database's own clock."""
    [(between_s,)] = rig.rows(
        "SELECT extract(epoch FROM b.at - a.at)::float FROM jobs_event a JOIN jobs_event b"
        " USING (job_id) WHERE job_id = %s AND a.target = %s AND b.target = %s",
        sent.id,
        earlier,
        later,
    )
    return float(between_s)


@pytest.mark.slow_fault
def test_f41_five_hundred_jobs_at_once(rig: Rig) -> None:
    sent = [rig.submit() for _ in range(500)]

    rig.wait_for_all(sent, within_s=240)

    assert {rig.state(each) for each in sent} == {"succeeded"}
    assert all(rig.calls(each) == 1 for each in sent)


def test_f42_a_worker_that_may_open_no_more_files(rig: Rig) -> None:
    rig.take_away("worker-2")
    rig.restart_with("worker-1")  # The one before may have open connections to spare.
    assert rig.wait_until(rig.submit())["state"] == "succeeded"
    process = rig.pid("worker-1")
    limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
    open_files = len(list(Path(f"/proc/{process}/fd").iterdir()))
    resource.prlimit(process, resource.RLIMIT_NOFILE, (open_files + 2, limits[1]))

    sent = [rig.submit() for _ in range(6)]
    rig.wait_for(lambda: "Too many open files" in rig.new_words("worker-1"))
    resource.prlimit(process, resource.RLIMIT_NOFILE, limits)
    rig.write("UPDATE jobs_job SET run_after = now() WHERE state = 'queued'")

    rig.wait_for_all(sent)
    assert all(rig.calls(each) <= 1 for each in sent)
    after = rig.submit()
    assert rig.wait_until(after)["state"] == "succeeded"
