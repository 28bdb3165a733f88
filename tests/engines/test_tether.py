"""A child that dies with its owner."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from imagestudio.engines.processes import TETHER, spawn
from tests.engines.children import shell
from tests.engines.stage import eventually, is_running

OWNER = """
import subprocess, sys, time, os
child = subprocess.Popen([sys.executable, sys.argv[1], str(os.getpid()), "9", "-", "--",
                          "/bin/sleep", "60"])
print(child.pid, flush=True)
time.sleep(60)
"""


def test_it_ends_when_its_owner_is_killed() -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(TETHER)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout
    child = int(owner.stdout.readline())

    owner.kill()
    owner.communicate()

    assert eventually(lambda: not is_running(child))


def test_it_does_not_begin_when_its_owner_is_gone_already() -> None:
    not_the_parent = str(os.getpid() + 1)

    tether = subprocess.run(
        [sys.executable, str(TETHER), not_the_parent, "9", "-", "--", "/bin/echo", "began"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert tether.returncode == 1
    assert "began" not in tether.stdout


def test_it_leads_a_session_of_its_own(folder: Path) -> None:
    process = spawn(shell(folder, "sleep 60"))

    session = os.getsid(process.pid)

    process.send_signal(signal.SIGKILL)
    process.wait()
    assert session == process.pid != os.getsid(0)


def test_it_says_how_it_is_called() -> None:
    here = str(os.getpid())

    tether = subprocess.run(
        [sys.executable, str(TETHER), here, "9", "-", "/bin/echo", "began"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (tether.returncode, tether.stdout) == (1, "")
    assert tether.stderr == "usage: tether.py OWNER SIGNAL USER -- PROGRAM ...\n"
