"""Starting an engine, with engines of one line of shell each."""

from pathlib import Path

import pytest

from imagestudio.engines import start
from imagestudio.engines.errors import StudioError
from imagestudio.engines.processes import Child
from imagestudio.engines.signals import SignalBox, StopAsked
from imagestudio.engines.start import start_engine
from imagestudio.engines.supervisor import Supervisor
from tests.engines.children import shell
from tests.engines.stage import is_running

SERVES = "echo $PORT >> ports; exec sleep 60"
FINDS_IT_TAKEN = "echo $PORT >> ports; echo 'bind: Address already in use' >&2; exit 1"


class Engine:
    name = "engine"

    def __init__(self, folder: Path, *scripts: str) -> None:
        """One script for each try; the last one for all that follow."""
        self._folder = folder
        self._scripts = list(scripts)

    def prepare(self) -> None:
        (self._folder / "ports").touch()

    def child(self, port: int) -> Child:
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        return shell(self._folder, f"PORT={port}; {script}", self.name)

    def url(self, port: int) -> str:
        return f"engine://127.0.0.1:{port}"

    def answers(self, port: int) -> bool:
        return str(port) in self.ports() and "sleep" in self._scripts[0]

    def ports(self) -> list[str]:
        return (self._folder / "ports").read_text().split()


def test_it_names_where_the_engine_answers(folder: Path, supervisor: Supervisor) -> None:
    engine = Engine(folder, SERVES)

    url = start_engine(engine, supervisor.start)

    assert [url] == [f"engine://127.0.0.1:{port}" for port in engine.ports()]
    assert supervisor.is_alive("engine")


def test_it_tries_another_port_when_one_was_taken_meanwhile(
    folder: Path, supervisor: Supervisor
) -> None:
    engine = Engine(folder, FINDS_IT_TAKEN, FINDS_IT_TAKEN, SERVES)

    url = start_engine(engine, supervisor.start)

    first, second, third = engine.ports()
    assert url == f"engine://127.0.0.1:{third}"
    assert third not in (first, second)


def test_it_gives_up_when_every_port_is_taken(folder: Path, supervisor: Supervisor) -> None:
    engine = Engine(folder, FINDS_IT_TAKEN)

    with pytest.raises(StudioError, match="engine found no free port in 5 tries"):
        start_engine(engine, supervisor.start)

    assert len(engine.ports()) == 5


def test_it_does_not_try_again_what_no_port_can_help(folder: Path, supervisor: Supervisor) -> None:
    (folder / "engine.log").write_text("bind: Address already in use, last week\n")
    engine = Engine(folder, "echo $PORT >> ports; echo bad checkpoint; exit 1")

    with pytest.raises(StudioError) as caught:
        start_engine(engine, supervisor.start)

    assert str(caught.value) == (
        f"engine can't start. The end of {folder / 'engine.log'}:\nbad checkpoint"
    )
    assert len(engine.ports()) == 1


def test_it_does_not_wait_for_ever(
    folder: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "START_WITHIN_S", 0.1)
    engine = Engine(folder, "echo warming up; sleep 60")

    with pytest.raises(StudioError, match="engine can't start"):
        start_engine(engine, supervisor.start)


def test_a_request_to_stop_ends_the_wait(
    folder: Path, supervisor: Supervisor, signals: SignalBox
) -> None:
    engine = Engine(folder, "echo $$ > pid; kill -TERM $PPID; exec sleep 60")

    with pytest.raises(StopAsked):
        start_engine(engine, supervisor.start, signals.sleep_or_stop)

    supervisor.stop_all()
    assert not is_running(int((folder / "pid").read_text()))
