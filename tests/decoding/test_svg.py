"""Drawings that could act are refused; a copy without that can be saved."""

import re
from pathlib import Path

import pytest

from jobs.services.pictures import intake
from tests.decoding import svgs


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "drawing.svg"


@pytest.mark.parametrize("name", svgs.UNSAFE)
def test_it_says_that_a_drawing_could_act(name: str, path: Path) -> None:
    path.write_bytes(svgs.UNSAFE[name][0])

    with pytest.raises(intake.UnsafePicture, match=r"holds more than a drawing: \S"):
        intake.inspect(path)


@pytest.mark.parametrize("name", svgs.UNSAFE)
def test_it_saves_the_drawing_alone(name: str, path: Path, tmp_path: Path) -> None:
    data, gone = svgs.UNSAFE[name]
    path.write_bytes(data)
    copy = tmp_path / "copy.svg"

    facts = intake.save_drawing(path, copy)

    text = copy.read_text()
    assert gone not in text
    assert not re.search(r"script|\son\w+=|foreignObject|//evil|<!|<\?|@import", text)
    assert intake.inspect(copy) == facts


@pytest.mark.parametrize("name", svgs.GOOD)
def test_a_good_drawing_is_good_after_cleaning(name: str, path: Path, tmp_path: Path) -> None:
    path.write_bytes(svgs.GOOD[name])
    copy = tmp_path / "copy.svg"

    facts = intake.save_drawing(path, copy)

    assert facts == intake.inspect(path) == intake.inspect(copy)


def test_cleaning_changes_nothing_that_is_seen(path: Path, tmp_path: Path) -> None:
    path.write_bytes(svgs.GOOD["gradient"])
    copy = tmp_path / "copy.svg"

    intake.save_drawing(path, copy)

    assert copy.read_text() == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 60"><defs>'
        '<linearGradient id="g"><stop offset="0" stop-color="red"></stop></linearGradient></defs>'
        '<rect width="9" height="9" fill="url(#g)"></rect></svg>'
    )


def test_what_stands_around_an_unsafe_part_is_kept(path: Path, tmp_path: Path) -> None:
    path.write_bytes(svgs.svg('<g><script>a<g/>b</script><path d="M0 0"/></g>' + svgs.DRAWING))
    copy = tmp_path / "copy.svg"

    intake.save_drawing(path, copy)

    assert copy.read_text().endswith(
        '<g><path d="M0 0"></path></g><path d="M8 8h84v44z" fill="#c84"></path></svg>'
    )


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ("", (100, 60)),
        (' width="640" height="480"', (640, 480)),
        (' width="200"', (200, 120)),
        (' height="30px"', (50, 30)),
        (' width="1in" height="2.54cm"', (96, 96)),
        (' width="100%" height="auto"', (100, 60)),
        (' width="-5" height="0"', (100, 60)),
        (' width="0.1" height="1e-9"', (1, 1)),
    ],
)
def test_it_says_how_large_a_drawing_is(attributes: str, size: tuple[int, int], path: Path) -> None:
    path.write_bytes(svgs.svg(attributes=attributes))

    facts = intake.inspect(path)

    assert (facts.width, facts.height) == size


def test_a_drawing_that_does_not_say_is_as_large_as_browsers_make_it(path: Path) -> None:
    path.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')

    facts = intake.inspect(path)

    assert (facts.width, facts.height) == (300, 150)
