import subprocess
from collections.abc import Iterator
from pathlib import Path
from signal import SIG_DFL, SIG_IGN, SIGINT, SIGQUIT, getsignal, signal

import pytest

from imagestudio.engines.data import DataFolder
from imagestudio.engines.home import Home, choose_home
from imagestudio.engines.identity import engine_account
from imagestudio.engines.postgres import Postgres
from imagestudio.engines.signals import SignalBox
from imagestudio.engines.supervisor import Supervisor
from tests.engines import stage
from tests.folders import reachable_folder


@pytest.fixture(autouse=True)
def usual_signals() -> Iterator[None]:
    """Whatever a script starts in its background ignores these, and no shell may trap such ones."""
    ignored = [each for each in (SIGINT, SIGQUIT) if getsignal(each) is SIG_IGN]
    for each in ignored:
        signal(each, SIG_DFL)
    yield
    for each in ignored:
        signal(each, SIG_IGN)


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder() as path:
        yield path


@pytest.fixture
def home(folder: Path) -> Home:
    return Home(folder, engine_account())


@pytest.fixture
def signals() -> Iterator[SignalBox]:
    with SignalBox() as box:
        yield box


@pytest.fixture
def supervisor(folder: Path, signals: SignalBox) -> Iterator[Supervisor]:
    supervisor = Supervisor(signals, folder / "pids.json")
    yield supervisor
    supervisor.stop_all()


@pytest.fixture(scope="module")
def shared() -> Iterator[stage.Studio]:
    """A running studio that several tests look at and none harms."""
    with reachable_folder() as path:
        studio = stage.Studio(stage.build(path))
        studio.start()
        yield studio
        studio.clear_away()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """An empty database and its password, made once: copying it is quicker than `initdb`."""
    with reachable_folder() as path:
        data = DataFolder(path)
        data.prepare()
        password = data.secrets().postgres_password
        Postgres(choose_home(path), password, path / "log", throwaway=True).prepare()
        yield path


@pytest.fixture
def studio(folder: Path, cluster: Path) -> Iterator[stage.Studio]:
    """Not started yet; whatever a test leaves running of it is ended."""
    studio = stage.Studio(stage.build(folder))
    DataFolder(studio.data).prepare()
    copy_cluster(cluster, studio.data)
    yield studio
    studio.clear_away()


def copy_cluster(cluster: Path, data: Path) -> None:
    # With its owner, who is another user when root runs the tests.
    subprocess.run(["cp", "-a", cluster / "pg", cluster / "secrets.json", data], check=True)
