"""What a first visit loads before the first picture."""

import pytest
from playwright.sync_api import Page, Response

from tests.browser.pictures import begin_afresh

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]

MOST_REQUESTS = 15
MOST_BYTES = 100_000
PICTURES = ("image", "font")


@pytest.mark.parametrize("path", ["/", "/history/"])
def test_a_first_view_is_light(page: Page, path: str) -> None:
    answers: list[Response] = []
    page.on("response", lambda response: answers.append(response))

    page.goto(path, wait_until="networkidle")

    loaded = [
        each for each in answers if "/images/" not in each.url and "/previews/" not in each.url
    ]
    sizes = {
        each.url: each.request.sizes()["responseBodySize"]
        for each in loaded
        if each.request.resource_type not in PICTURES
    }
    print(f"{path}: {len(loaded)} requests, {sum(sizes.values())} bytes: {sizes}")
    assert len(loaded) < MOST_REQUESTS, [each.url for each in loaded]
    assert sum(sizes.values()) < MOST_BYTES, sizes


def test_the_editor_is_loaded_for_those_who_have_a_picture(page: Page) -> None:
    begin_afresh(page)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))

    page.goto("/", wait_until="networkidle")

    assert not any("layer-editor" in url for url in loaded)
