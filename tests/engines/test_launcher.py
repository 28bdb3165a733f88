"""`manage.py studio` on the stage: real launcher, engines and sockets; children of a few lines."""

import contextlib
import os
import signal
import socket
import stat
import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.engines import stage
from tests.engines.stage import Studio, eventually, is_running

pytestmark = pytest.mark.slow

ADMIN = "First admin: dana@example.org with password correct-horse"


@pytest.fixture
def running(studio: Studio) -> Studio:
    studio.start()
    return studio


def test_it_answers_at_the_address_that_it_names(shared: Studio) -> None:
    assert shared.said[-1] == f"Image Studio is ready: {shared.address}"
    with urllib.request.urlopen(shared.address, timeout=10) as answer:
        assert answer.status == 200


def test_it_keeps_its_state_and_logs_private(shared: Studio) -> None:
    assert stat.S_IMODE((shared.data / "state.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((shared.data / "logs").stat().st_mode) == 0o700


def test_it_keeps_the_first_password_off_the_disk(shared: Studio) -> None:
    assert ADMIN in shared.said
    for path in shared.data.rglob("*"):
        if path.is_file() and path.stat().st_size < 100_000:
            assert b"correct-horse" not in path.read_bytes()


def test_w04_it_opens_nothing_to_others_at_any_instant(studio: Studio) -> None:
    open_ones: dict[str, str] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            open_ones.update(readable_by_others(studio.data))

    watcher = threading.Thread(target=watch)
    watcher.start()
    # As in an ordinary shell: only what the launcher does itself counts.
    before = os.umask(0o022)
    try:
        studio.start()
    finally:
        os.umask(before)
        over.set()
        watcher.join()

    assert ADMIN in studio.said
    assert open_ones == {}


def readable_by_others(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            mode = path.lstat().st_mode
            if mode & 0o066 and not stat.S_ISLNK(mode):
                yield str(path.relative_to(folder)), oct(mode)


def test_w24_it_forgets_the_first_password_once_it_was_used(studio: Studio) -> None:
    studio.start(STUDIO_ADMIN_PASSWORD="canary-password", STUDIO_ADMIN_EMAIL="dana@example.org")

    # psutil would ask the launcher's own list; the kernel shows the block as it lies in memory.
    shown = Path(f"/proc/{studio.launcher.pid}/environ").read_bytes()
    children = [Path(f"/proc/{pid}/environ").read_bytes() for pid in studio.pids()]

    assert b"STUDIO_ADMIN_EMAIL=dana@example.org" in shown
    assert not [block for block in (shown, *children) if b"canary-password" in block]


def test_it_serves_other_commands_while_it_runs(shared: Studio) -> None:
    code, out, _ = shared.result("show")

    assert (code, out.strip()) == (0, shared.environment()["DATABASE_URL"])


def test_it_leaves_a_database_that_the_person_named_alone(shared: Studio) -> None:
    _, out, _ = shared.result("show", DATABASE_URL="postgres://mine")

    assert out.strip() == "postgres://mine"


def test_it_refuses_a_second_launch_on_the_same_data(shared: Studio) -> None:
    code, _, err = shared.result("studio", "--port", str(stage.free_port()))

    assert code == 1
    assert f"already running on {shared.data} at {shared.address}" in err
    assert "Traceback" not in err


def test_it_refuses_a_taken_port_before_it_starts_anything(studio: Studio) -> None:
    with socket.create_server(("127.0.0.1", studio.port)):
        code, _, err = studio.result("studio", "--port", str(studio.port))

    assert code == 1
    assert f"Port {studio.port} is taken" in err
    assert not (studio.data / "logs" / "postgres.log").exists()


def test_it_refuses_a_database_of_another_version(studio: Studio) -> None:
    (studio.data / "pg" / "PG_VERSION").write_text("15\n")

    code, _, err = studio.result("studio", "--port", str(studio.port))

    assert code == 1
    assert "made by PostgreSQL 15" in err
    assert "Traceback" not in err


def test_it_says_when_a_database_of_the_person_does_not_answer(studio: Studio) -> None:
    silent = f"postgres://alice@127.0.0.1:{stage.free_port()}/studio"

    code, _, err = studio.result("studio", "--port", str(studio.port), DATABASE_URL=silent)

    assert code == 1
    assert "The database at DATABASE_URL does not let the studio in" in err
    assert "Traceback" not in err


def test_it_ends_everything_at_ctrl_c(running: Studio) -> None:
    pids = running.pids()

    code, out, err = running.stop()

    assert (code, out) == (0, "Stopping.\n")
    assert "Traceback" not in err
    assert not any(is_running(pid) for pid in pids)
    assert not (running.data / "state.json").exists()


def test_it_ends_everything_when_the_terminal_closes(running: Studio) -> None:
    pids = running.pids()
    assert running.launcher.stdout
    assert running.launcher.stderr
    running.launcher.stdout.close()
    running.launcher.stderr.close()

    running.launcher.send_signal(signal.SIGHUP)

    assert running.launcher.wait(30) == 0
    assert not any(is_running(pid) for pid in pids)


def test_it_leaves_nothing_running_when_it_is_killed_and_starts_again(running: Studio) -> None:
    pids = running.pids()
    with psycopg.connect(running.environment()["DATABASE_URL"]) as database:
        database.execute("INSERT INTO jobs_job VALUES ('queued')")

    running.launcher.kill()
    running.finish()

    assert eventually(lambda: not any(is_running(pid) for pid in pids))
    running.start()
    assert ADMIN not in running.said
    with psycopg.connect(running.environment()["DATABASE_URL"]) as database:
        assert database.execute("SELECT state FROM jobs_job").fetchall() == [("queued",)]


def test_it_starts_a_killed_child_again_in_its_place(running: Studio) -> None:
    before = running.environment()
    for what in ("uvicorn", "bin/postgres", "valkey-server"):
        pids = running.pids()

        os.kill(running.pid_of(what), signal.SIGKILL)

        assert eventually(partial(has_one_new, running, pids))
    assert running.environment() == before
    assert eventually(lambda: stage.answers(before["DATABASE_URL"]))
    assert "postgres ended (killed by SIGKILL); starting it again." in running.stop()[2]


def has_one_new(studio: Studio, pids: list[int]) -> bool:
    return len(set(studio.pids()) - set(pids)) == 1


def test_it_stops_when_a_child_keeps_dying(studio: Studio) -> None:
    studio.start(STAGE_WORKER="dies")

    code, _, err = studio.finish()

    assert code == 1
    assert "worker died 5 times within a minute" in err
    assert "the worker's last words" in err
    assert "Traceback" not in err


def test_it_waits_for_pictures_in_flight_and_says_how_many(studio: Studio) -> None:
    studio.start(STAGE_LAST_CALL_S="0.5")
    with psycopg.connect(studio.environment()["DATABASE_URL"]) as database:
        database.execute("INSERT INTO jobs_job VALUES ('running'), ('running'), ('queued')")

    code, out, _ = studio.stop()

    assert (code, out) == (0, "Stopping. Waiting for 2 jobs in flight; Ctrl-C again cuts them.\n")


def test_it_cuts_pictures_in_flight_at_a_second_ctrl_c(studio: Studio) -> None:
    studio.start(STAGE_LAST_CALL_S="60")
    studio.launcher.send_signal(signal.SIGINT)
    assert studio.launcher.stdout
    studio.launcher.stdout.readline()

    code, out, _ = studio.stop()

    assert code == 0
    assert "held" in out


def test_it_can_be_interrupted_while_it_starts(studio: Studio) -> None:
    launcher = studio.command("studio", "--port", str(studio.port))
    eventually((studio.data / "pids.json").exists)

    launcher.send_signal(signal.SIGINT)
    out, err = launcher.communicate(timeout=120)

    assert launcher.returncode == 0
    assert "Traceback" not in err
    assert not (studio.data / "pids.json").exists()
    assert out == "Stopped before it was ready.\n"
