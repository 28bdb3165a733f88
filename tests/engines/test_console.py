"""The launcher's own words and its own end, without any engine: it never comes that far."""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagestudio.engines import launcher
from imagestudio.engines.console import note, say
from imagestudio.engines.data import DataFolder


@pytest.fixture(autouse=True)
def rights_and_limits() -> Iterator[None]:
    """The launcher changes those of its process."""
    mask = os.umask(0o077)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    os.umask(mask)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_what_matters_goes_out_and_the_rest_beside_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    say("Image Studio is ready")
    note("starting")

    assert capfd.readouterr() == ("Image Studio is ready\n", "starting\n")


def test_a_refusal_is_one_sentence_and_an_exit_code(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    code = launcher.main(["--data", str(tmp_path / "file")])

    assert code == 1
    assert capfd.readouterr() == (
        "",
        f"{tmp_path / 'file'} is not a folder: choose another one by --data.\n",
    )


def test_a_disk_that_is_full_is_one_sentence_and_the_folder_is_free_again(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # Where the secrets would be written first, there is a device that is always full.
    (tmp_path / f"secrets.json.{os.getpid()}").symlink_to("/dev/full")
    before = signal.getsignal(signal.SIGTERM)

    code = launcher.main(["--data", str(tmp_path), "--port", "0"])

    assert code == 1
    said = capfd.readouterr().err
    assert "The studio can't write its data (No space left on device): make room" in said
    assert signal.getsignal(signal.SIGTERM) == before
    with DataFolder(tmp_path).owned():
        assert not (tmp_path / "secrets.json").exists()


@pytest.mark.parametrize("arguments", [["--port", "eighty"], ["--prot", "80"], ["migrate"]])
def test_an_option_that_is_none_is_told_with_those_that_are(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        launcher.main(arguments)

    assert caught.value.code == 2
    assert "usage: manage.py studio" in capfd.readouterr().err
