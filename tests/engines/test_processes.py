"""How a child starts, and how it ends."""

import signal
import stat
import subprocess
from pathlib import Path

import psutil
import pytest

from imagestudio.engines import processes
from imagestudio.engines.processes import Child, end_strangers, how_it_ended, spawn
from tests.engines.children import shell
from tests.engines.stage import eventually, is_running


def test_it_feeds_a_child_what_stands_for_its_standard_input(folder: Path) -> None:
    child = shell(folder, "cat > heard", stdin=b"requirepass correct-horse\n")

    assert spawn(child).wait(10) == 0

    assert (folder / "heard").read_text() == "requirepass correct-horse\n"


def test_a_child_that_does_not_listen_ends_with_its_own_words(folder: Path) -> None:
    more_than_a_pipe_holds = b"x" * 1_000_000
    child = shell(folder, "echo no such option >&2; exit 3", stdin=more_than_a_pipe_holds)

    assert spawn(child).wait(10) == 3

    assert child.log.read_text() == "no such option\n"


def test_it_keeps_what_is_for_the_person_out_of_the_log(folder: Path) -> None:
    child = shell(folder, "echo password; echo trouble >&2", output=folder / "words")

    spawn(child).wait(10)

    assert (folder / "words").read_text() == "password\n"
    assert child.log.read_text() == "trouble\n"


def test_w04_what_a_child_writes_is_closed_to_others(folder: Path) -> None:
    spawn(shell(folder, "mkdir pictures; touch pictures/one")).wait(10)

    modes = [stat.S_IMODE((folder / n).stat().st_mode) for n in ("pictures", "pictures/one")]

    assert modes == [0o700, 0o600]


def test_it_has_nothing_of_its_owners_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")

    spawn(shell(folder, "env > found")).wait(10)

    assert "sk-secret" not in (folder / "found").read_text()


def test_a_program_that_is_not_there_is_named_in_the_log(folder: Path) -> None:
    program = folder / "no such program"
    child = Child("engine", (str(program),), folder, {}, folder / "engine.log")

    assert spawn(child).wait(10) != 0

    assert "No such file or directory" in child.log.read_text()


def test_it_stops_by_the_signal_that_was_asked_for(folder: Path) -> None:
    process = spawn(shell(folder, "trap 'exit 7' QUIT; touch ready; while :; do sleep 0.01; done"))
    assert eventually((folder / "ready").exists)

    processes.stop(process, signal.SIGQUIT, within_s=10)

    assert process.returncode == 7


def test_it_kills_what_does_not_stop_in_time(folder: Path) -> None:
    process = spawn(shell(folder, "trap '' TERM; touch ready; while :; do sleep 0.01; done"))
    assert eventually((folder / "ready").exists)

    processes.stop(process, signal.SIGTERM, within_s=0.05)

    assert process.returncode == -signal.SIGKILL


def test_it_kills_what_a_child_left_when_it_ended_by_itself(folder: Path) -> None:
    process = spawn(shell(folder, "sleep 60 & echo $! > grandchild"))
    process.wait(10)
    grandchild = int((folder / "grandchild").read_text())
    assert is_running(grandchild)

    processes.kill(process)

    assert eventually(lambda: not is_running(grandchild))


def test_it_ends_strangers_the_deaf_and_the_gone_alike() -> None:
    deaf = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    deaf_one = subprocess.Popen(["python3", "-c", deaf], stdout=subprocess.PIPE)
    assert deaf_one.stdout
    deaf_one.stdout.readline()
    gone_one = subprocess.Popen(["/bin/sleep", "60"])
    them = {psutil.Process(p.pid): signal.SIGTERM for p in (gone_one, deaf_one)}
    gone_one.kill()
    gone_one.wait()

    end_strangers(them, within_s=0.05)

    assert deaf_one.wait(10) == -signal.SIGKILL
    deaf_one.stdout.close()


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [
        (0, "exit code 0"),
        (3, "exit code 3"),
        (-9, "killed by SIGKILL"),
        (-40, "killed by signal 40"),
    ],
)
def test_it_says_how_a_child_ended(exit_code: int, words: str) -> None:
    assert how_it_ended(exit_code) == words
