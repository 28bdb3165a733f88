"""Children are kept alive, and ended in order."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from imagestudio.engines import supervisor as supervisor_module
from imagestudio.engines.errors import StudioError
from imagestudio.engines.signals import SignalBox, StopAsked
from imagestudio.engines.supervisor import Supervisor, stop_orphans
from tests.engines.children import shell
from tests.engines.stage import is_running
from tests.studio import wait_for


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def test_it_starts_a_dead_child_again(folder: Path, supervisor: Supervisor) -> None:
    first = supervisor.start(shell(folder, "echo began >> births; sleep 60"))
    supervisor.watch(lambda: len(lines(folder / "births")) == 1, 10)

    first.kill()

    assert supervisor.watch(lambda: len(lines(folder / "births")) == 2, 10)
    assert supervisor.is_alive("child")


def test_it_waits_longer_before_each_new_start(folder: Path, supervisor: Supervisor) -> None:
    supervisor.start(shell(folder, "date +%s%N >> births; exit 1"))

    assert supervisor.watch(lambda: len(lines(folder / "births")) == 3, 10)

    first, second, third = map(int, lines(folder / "births"))
    assert second - first < third - second


def test_it_gives_up_after_five_deaths_within_a_minute(folder: Path, signals: SignalBox) -> None:
    supervisor = Supervisor(signals, folder / "pids.json", backoff_s=(0, 0, 0, 0))
    supervisor.start(shell(folder, "echo began >> births; echo last words; exit 3"))

    with pytest.raises(StudioError) as caught:
        supervisor.watch(lambda: False, 30)

    assert len(lines(folder / "births")) == 5
    assert "child died 5 times within a minute (exit code 3)" in str(caught.value)
    assert "last words" in str(caught.value)


def test_it_ends_children_wave_by_wave(folder: Path, supervisor: Supervisor) -> None:
    script = "trap 'echo {0} >> ends; exit' TERM; echo {0} >> births; while :; do sleep 0.01; done"
    for wave, name in ((2, "database"), (0, "worker"), (1, "web")):
        supervisor.start(shell(folder, script.format(name), name, stop_wave=wave))
    supervisor.watch(lambda: len(lines(folder / "births")) == 3, 10)

    supervisor.stop_all()

    assert lines(folder / "ends") == ["worker", "web", "database"]


def test_it_kills_what_does_not_listen(folder: Path, supervisor: Supervisor) -> None:
    deaf = "trap '' TERM; touch deaf; while :; do sleep 0.01; done"
    process = supervisor.start(shell(folder, deaf, stop_within_s=0.1))
    supervisor.watch((folder / "deaf").exists, 10)

    supervisor.stop_all()

    assert process.returncode == -signal.SIGKILL


def test_it_ends_the_grandchildren_too(folder: Path, supervisor: Supervisor) -> None:
    supervisor.start(shell(folder, "sleep 60 & echo $! > grandchild; wait"))
    supervisor.watch(lambda: bool(lines(folder / "grandchild")), 10)
    grandchild = int(lines(folder / "grandchild")[0])

    supervisor.stop_all()

    # The signal was sent; the kernel may take a moment to carry it out.
    wait_for(lambda: not is_running(grandchild), 5)


def test_it_lets_a_retired_child_go(folder: Path, supervisor: Supervisor) -> None:
    supervisor.start(shell(folder, "echo began >> births; exec sleep 60"))
    supervisor.watch(lambda: bool(lines(folder / "births")), 10)

    supervisor.retire("child")

    assert supervisor.watch(lambda: not supervisor.is_alive("child"), 10)
    assert not supervisor.watch(lambda: supervisor.is_alive("child"), 0.3)
    assert len(lines(folder / "births")) == 1


def test_it_repeats_what_a_failed_command_said(folder: Path, supervisor: Supervisor) -> None:
    with pytest.raises(StudioError, match=r"migrate failed \(exit code 1\)[\s\S]*no such table"):
        supervisor.run(shell(folder, "echo no such table >&2; exit 1", "migrate"))


def test_it_stops_a_start_that_is_interrupted(
    folder: Path, supervisor: Supervisor, signals: SignalBox
) -> None:
    signal.raise_signal(signal.SIGTERM)

    with pytest.raises(StopAsked):
        supervisor.run(shell(folder, "sleep 60"))


def test_it_empties_a_log_that_grew_large(folder: Path, supervisor: Supervisor) -> None:
    log = folder / "child.log"
    with log.open("wb") as file:
        file.truncate(11 * 1024 * 1024)

    supervisor.start(shell(folder, "echo fresh"))
    supervisor.watch(lambda: log.stat().st_size > 0, 10)

    assert log.read_text() == "fresh\n"
    assert (folder / "child.log.1").stat().st_size == 11 * 1024 * 1024


def test_its_writer_goes_on_in_a_log_that_is_emptied_meanwhile(
    folder: Path, supervisor: Supervisor
) -> None:
    go_on = "until [ -e go ]; do sleep 0.01; done; echo fresh; exec sleep 60"
    supervisor.start(shell(folder, f"echo old words, and many; {go_on}"))
    log = folder / "child.log"
    supervisor.watch(lambda: bool(lines(log)), 10)
    with log.open("ab") as file:
        file.truncate(11 * 1024 * 1024)

    supervisor.trim_logs()
    (folder / "go").touch()

    assert supervisor.watch(lambda: log.read_text() == "fresh\n", 10)


def test_it_forgets_deaths_of_long_ago(
    folder: Path, signals: SignalBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "DEATHS_WINDOW_S", 0.02)
    supervisor = Supervisor(signals, folder / "pids.json", backoff_s=(0.03, 0.03, 0.03, 0.03))
    supervisor.start(shell(folder, "echo began >> births; exit 1"))

    assert supervisor.watch(lambda: len(lines(folder / "births")) >= 7, 20)

    supervisor.stop_all()


def test_it_ends_what_a_dead_child_left_before_it_starts_it_again(
    folder: Path, supervisor: Supervisor
) -> None:
    script = "sleep 60 & echo $! >> grandchildren; [ -e second ] || { touch second; exit 1; }; wait"
    supervisor.start(shell(folder, script))

    assert supervisor.watch(lambda: len(lines(folder / "grandchildren")) == 2, 10)

    first, second = map(int, lines(folder / "grandchildren"))
    wait_for(lambda: not is_running(first), 5)
    assert is_running(second)


def test_a_child_that_is_retired_while_it_waits_stays_dead(
    folder: Path, signals: SignalBox
) -> None:
    supervisor = Supervisor(signals, folder / "pids.json", backoff_s=(0.1,))
    process = supervisor.start(shell(folder, "echo began >> births; exit 1"))
    process.wait(10)
    supervisor.watch(lambda: False, 0)

    supervisor.retire("child")

    assert not supervisor.watch(lambda: len(lines(folder / "births")) == 2, 0.3)
    assert not supervisor.is_alive("child")


def test_a_second_request_to_stop_cuts_what_is_slow(folder: Path, supervisor: Supervisor) -> None:
    # In place of an impatient person: the child asks its owner while it is being stopped.
    slow = "trap 'kill -INT $PPID' TERM; touch ready; while :; do sleep 0.01; done"
    process = supervisor.start(shell(folder, slow, stop_within_s=15))
    supervisor.watch((folder / "ready").exists, 10)
    before = time.monotonic()

    supervisor.stop_all()

    assert time.monotonic() - before < 15
    assert process.returncode == -signal.SIGKILL
    assert not supervisor.is_alive("child")


def test_it_goes_on_when_it_can_not_write_down_who_runs(folder: Path, signals: SignalBox) -> None:
    supervisor = Supervisor(signals, folder / "gone" / "pids.json", backoff_s=(0,))
    first = supervisor.start(shell(folder, "echo began >> births; exec sleep 60"))
    supervisor.watch(lambda: len(lines(folder / "births")) == 1, 10)

    first.kill()

    assert supervisor.watch(lambda: len(lines(folder / "births")) == 2, 10)

    supervisor.stop_all()
    assert not supervisor.is_alive("child")


def test_two_commands_run_side_by_side_and_one_that_fails_is_told(
    folder: Path, supervisor: Supervisor
) -> None:
    meet = "touch {0}; until [ -e {1} ]; do sleep 0.01; done; {2}"
    well = shell(folder, meet.format("a", "b", "exit 0"), "collectstatic")
    badly = shell(folder, meet.format("b", "a", "kill -9 $$"), "prepare")

    with pytest.raises(StudioError, match=r"prepare failed \(killed by SIGKILL\)"):
        supervisor.run(well, badly)


def test_an_owner_that_left_no_word_left_nothing(folder: Path) -> None:
    stop_orphans(folder / "pids.json")

    (folder / "pids.json").write_text('[{"pid": ')
    stop_orphans(folder / "pids.json")


def test_it_passes_over_orphans_that_are_gone_or_not_reaped(folder: Path) -> None:
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    zombie = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    entries = [
        {"pid": pid, "started_at": time.time(), "stop_signal": 15} for pid in (gone.pid, zombie.pid)
    ]
    (folder / "pids.json").write_text(json.dumps(entries))
    before = time.monotonic()

    stop_orphans(folder / "pids.json")

    assert time.monotonic() - before < 10  # It would wait 15 s for a zombie.
    assert not (folder / "pids.json").exists()
    zombie.wait()


def test_an_orphan_ends_by_the_signal_that_suits_it(folder: Path) -> None:
    script = "trap 'touch fast; exit' INT; touch ready; while :; do sleep 0.01; done"
    orphan = subprocess.Popen(["/bin/sh", "-c", script], cwd=folder)
    wait_for((folder / "ready").exists, 10)
    pids = write_pids(folder, orphan.pid, psutil.Process(orphan.pid).create_time(), signal.SIGINT)

    stop_orphans(pids)

    assert orphan.wait(10) == 0
    assert (folder / "fast").exists()


def test_it_ends_what_a_killed_owner_left(folder: Path) -> None:
    orphan = subprocess.Popen(["/bin/sleep", "60"])
    pids = write_pids(folder, orphan.pid, psutil.Process(orphan.pid).create_time())

    stop_orphans(pids)

    assert not is_running(orphan.pid)
    orphan.wait()
    assert not pids.exists()


def test_it_spares_a_stranger_with_the_same_pid(folder: Path) -> None:
    stranger = subprocess.Popen(["/bin/sleep", "60"])
    pids = write_pids(folder, stranger.pid, psutil.Process(stranger.pid).create_time() - 3600)

    stop_orphans(pids)

    is_spared = stranger.poll() is None
    stranger.kill()
    stranger.wait()
    assert is_spared


def write_pids(
    folder: Path, pid: int, started_at: float, stop_signal: signal.Signals = signal.SIGTERM
) -> Path:
    path = folder / "pids.json"
    entry = {"pid": pid, "started_at": started_at, "stop_signal": int(stop_signal)}
    path.write_text(json.dumps([entry]))
    return path
