"""What the command line may ask for."""

import socket
from pathlib import Path

import pytest

from imagestudio.engines.data import DataFolder
from imagestudio.engines.errors import StudioError
from imagestudio.engines.options import Options, listen, local_address, read_options

PUBLIC = {"STUDIO_ORIGIN": "https://studio.example.org/"}


def test_it_listens_on_loopback_by_default() -> None:
    options = read_options([], {})

    assert (options.host, options.port) == ("127.0.0.1", 8000)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_it_takes_any_loopback_address(host: str) -> None:
    assert read_options(["--host", host], {}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "studio.example.org"])  # noqa: S104
def test_it_refuses_a_public_host_without_its_origin(host: str) -> None:
    with pytest.raises(StudioError, match="set STUDIO_ORIGIN"):
        read_options(["--host", host], {})

    assert read_options(["--host", host], PUBLIC).host == host


def test_it_makes_the_data_folder_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert read_options(["--data", "here"], {}).data == tmp_path.resolve() / "here"


def test_it_says_whose_home_is_nowhere() -> None:
    with pytest.raises(StudioError, match="~nosuchperson/studio can't be found"):
        read_options(["--data", "~nosuchperson/studio"], {})


def test_it_says_that_links_lead_in_a_circle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").symlink_to(tmp_path / "back")
    (tmp_path / "back").symlink_to(tmp_path / "there")
    monkeypatch.setenv("STUDIO_DATA", str(tmp_path / "there"))

    # Newer Pythons notice it only when the folder is made.
    with pytest.raises(StudioError, match=r"there (can't be found|is not a folder)"):
        DataFolder(read_options([], {}).data).prepare()


def test_it_names_a_free_port_when_one_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]

        with pytest.raises(StudioError, match=rf"Port {taken} is taken .* --port \d+"):
            listen(Options("127.0.0.1", taken, tmp_path))


@pytest.mark.parametrize("port", [-1, 70000])
def test_it_says_when_a_port_can_not_be(port: int, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="can't listen"):
        listen(Options("127.0.0.1", port, tmp_path))


def test_it_gives_accepted_connections_no_delay(tmp_path: Path) -> None:
    with (
        listen(Options("127.0.0.1", 0, tmp_path)) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_it_names_the_address_that_people_use(tmp_path: Path) -> None:
    local = Options("127.0.0.1", 0, tmp_path)
    sixth = Options("::1", 0, tmp_path)

    assert local_address(local, 8123) == "http://127.0.0.1:8123"
    assert local_address(sixth, 8123) == "http://[::1]:8123"


@pytest.mark.parametrize("host", ["127.0..1", f"{'a' * 64}.example.org", "192.0.2.7"])
def test_it_says_when_a_host_is_not_of_this_machine(host: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=f"can't listen on {host} port 0"):
        listen(Options(host, 0, tmp_path))
