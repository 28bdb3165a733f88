"""Static files are made again only when something that they depend on changed."""

from pathlib import Path

import pytest

from imagestudio.engines.statics import StaticFiles


@pytest.fixture
def statics(tmp_path: Path) -> StaticFiles:
    for name in ("static/css/card.css", "imagestudio/settings.py", "requirements.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old")
    return StaticFiles(tmp_path / "collected", tmp_path)


def test_it_makes_them_once(statics: StaticFiles) -> None:
    assert not statics.are_made_from(statics.fingerprint())

    statics.mark(statics.fingerprint())

    assert statics.are_made_from(statics.fingerprint())


@pytest.mark.parametrize("name", ["static/css/card.css", "static/new.js", "requirements.txt"])
def test_it_makes_them_again_after_a_change(statics: StaticFiles, name: str) -> None:
    statics.mark(statics.fingerprint())

    (statics.project / name).write_text("something new")

    assert not statics.are_made_from(statics.fingerprint())


def test_it_makes_them_again_when_they_are_gone(statics: StaticFiles) -> None:
    statics.mark(statics.fingerprint())

    statics.stamp.unlink()

    assert not statics.are_made_from(statics.fingerprint())
