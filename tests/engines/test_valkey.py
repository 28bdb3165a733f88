"""The embedded Valkey. The folders of these tests have a space in their names."""

from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from imagestudio.engines.home import Home
from imagestudio.engines.identity import give
from imagestudio.engines.start import start_engine
from imagestudio.engines.supervisor import Supervisor
from imagestudio.engines.valkey import Valkey

pytestmark = pytest.mark.slow


@pytest.fixture
def engine(home: Home, folder: Path) -> Valkey:
    return Valkey(home, "correct-horse", folder / "valkey.log")


@pytest.fixture
def url(engine: Valkey, supervisor: Supervisor) -> str:
    return start_engine(engine, supervisor.start)


def test_it_never_evicts(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_it_lets_nobody_in_without_the_password(url: str) -> None:
    with (
        redis.Redis(port=urlsplit(url).port or 0, retry=Retry(NoBackoff(), 0)) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_it_keeps_the_password_off_the_command_line(engine: Valkey, supervisor: Supervisor) -> None:
    process = supervisor.start(engine.child(1))

    assert "correct-horse" not in " ".join(psutil.Process(process.pid).cmdline())


def test_it_keeps_its_keys_and_port_when_it_is_killed(
    engine: Valkey, url: str, supervisor: Supervisor
) -> None:
    with redis.Redis.from_url(url) as client:
        client.set("kept", "7")

    supervisor.cut("valkey")

    assert supervisor.watch(lambda: engine.answers(urlsplit(url).port or 0), 20)
    with redis.Redis.from_url(url, decode_responses=True) as client:
        assert client.get("kept") == "7"


def test_it_bears_any_name_of_its_folder(home: Home, folder: Path, supervisor: Supervisor) -> None:
    odd = folder / ("o\"dd \\ na'me \N{SNOWMAN} " + "long" * 40)
    odd.mkdir()
    give(odd, home.account)
    engine = Valkey(Home(odd, home.account), "correct-horse", folder / "valkey.log")

    url = start_engine(engine, supervisor.start)

    with redis.Redis.from_url(url, decode_responses=True) as client:
        assert client.config_get("dir") == {"dir": str(odd / "valkey")}


def test_it_does_not_answer_to_another_password(home: Home, url: str, folder: Path) -> None:
    stranger = Valkey(home, "another", folder / "valkey.log")

    assert not stranger.answers(urlsplit(url).port or 0)


def test_it_takes_another_port_when_one_is_taken(
    engine: Valkey, url: str, home: Home, folder: Path, supervisor: Supervisor
) -> None:
    taken = urlsplit(url).port or 0
    second = Stubborn(home, "another", folder / "second.log", taken)

    assert urlsplit(start_engine(second, supervisor.start)).port != taken


class Stubborn(Valkey):
    """Insists on a taken port at its first try."""

    name = "second"

    def __init__(self, home: Home, password: str, log: Path, taken: int) -> None:
        super().__init__(home, password, log, throwaway=True)
        self._ports = [taken]

    def _settings(self, port: int) -> str:
        return super()._settings(self._ports.pop() if self._ports else port)
