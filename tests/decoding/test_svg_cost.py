"""A drawing that would hang the page that shows it is kept, but not shown."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from imagestudio.decoding import svg_cost
from jobs.services.pictures import intake
from tests.corpus import drawings
from tests.decoding import svgs

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
MAX_LOAD_S = 2.0


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 640, "height": 480})
        browser.close()


@pytest.mark.parametrize("name", drawings.HEAVY)
def test_w16_it_is_not_shown_when_it_draws_too_much(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_bytes(drawings.HEAVY[name])

    with pytest.raises(intake.NotAPicture, match="too long to draw"):
        intake.inspect(path)
    with pytest.raises(intake.NotAPicture, match="too long to draw"):
        intake.save_drawing(path, tmp_path / "copy")


@pytest.mark.parametrize("name", drawings.HONEST)
def test_w16_it_is_shown_when_it_is_honest(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_bytes(drawings.HONEST[name])

    assert intake.inspect(path).format == "svg"


def worst_that_is_taken() -> dict[str, bytes]:
    """Each just within the limit, or as near to it as such a drawing comes."""
    most = svg_cost.MAX_COST
    clear = '<rect width="100" height="60" fill="#c84" fill-opacity=".5"/>'
    layer = f'<g opacity=".5">{drawings.SHAPE}</g>'
    step = '<filter id="f"><feTurbulence numOctaves="1" baseFrequency=".1"/></filter>'
    return {
        "shapes": svgs.svg(clear * (most - 10)),
        "layers": svgs.svg(layer * (most // 44)),
        "filters": svgs.svg(step + '<g filter="url(#f)"><rect/></g>' * (most // 850 - 2)),
        "uses": svgs.svg(f'<g id="a">{clear * 100}</g>' + '<use href="#a"/>' * (most // 203 - 2)),
        "dashes": svgs.svg(
            '<path d="M0 0H9000" stroke="red" stroke-dasharray=".1 .1"/>' * (most // 18_002)
        ),
        "letters": svgs.svg(f"<text y='9'>{'fox' * (most // 3 - 10)}</text>"),
    }


@pytest.mark.browser
@pytest.mark.parametrize("name", ["shapes", "layers", "filters", "uses", "dashes", "letters"])
def test_w16_the_worst_that_is_shown_loads_in_two_seconds(
    name: str, page: Page, tmp_path: Path
) -> None:
    drawing, wall = tmp_path / "a.svg", tmp_path / "wall.html"
    drawing.write_bytes(worst_that_is_taken()[name])
    wall.write_text('<img src="a.svg" width="640" height="384">')
    intake.inspect(drawing)

    begun = time.monotonic()
    page.goto(wall.as_uri())
    # Its pixels come from another thread; the page itself must answer.
    page.evaluate("document.title")

    assert time.monotonic() - begun < MAX_LOAD_S
