"""What must be in the window stays in it, and what is hidden stays hidden."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pictures import add, begin_afresh, fox

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]
SIZES = [(1440, 900), (1366, 768), (1024, 600), (390, 844)]
# As many as there may be at once: of the service, of late pictures, of what was just said.
STRIPS = """
    () => {
        const strip = '<p class="strip strip--attention">A notice that is long enough for two</p>';
        const main = document.querySelector(".studio__strips") ?? document.querySelector("main");
        for (let count = 0; count < 3; count += 1) main.insertAdjacentHTML("beforeend", strip);
    }
"""


@pytest.fixture(autouse=True)
def open_studio(page: Page) -> None:
    begin_afresh(page)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("more", ["strips", "strips and a toast", "everything open"])
def test_bug_04_it_keeps_the_button_that_sends_in_the_window(
    size: tuple[int, int], more: str, page: Page
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate(STRIPS)
    if more == "everything open":
        for summary in page.locator("#composer details").all():
            summary.evaluate("(details) => (details.open = true)")
    if more == "strips and a toast":
        page.evaluate(
            "document.dispatchEvent(new CustomEvent('studio:announce', "
            "{detail: {text: 'x '.repeat(80), urgent: true, visible: true}}))"
        )

    expect(page.locator("#send")).to_be_in_viewport(ratio=1)
    page.locator("#send").click(trial=True, timeout=2000)  # Nothing lies over it either.


def test_bug_06_it_offers_no_second_try_while_a_picture_is_on_its_way(page: Page) -> None:
    page.route("**/uploads/", lambda route: None)  # It gets no answer.

    add(page, fox(1))

    tile = page.locator(".reference--pending")
    expect(tile).to_be_visible()
    expect(tile.get_by_role("button", name="Try again")).to_be_hidden()


@pytest.mark.parametrize("style", ["button", "strip", "toast", "card", "field__error", "switch"])
def test_bug_06_it_hides_what_is_hidden_whatever_its_class(style: str, page: Page) -> None:
    is_seen = page.evaluate(
        """(style) => {
            const element = document.createElement("div");
            element.className = style;
            element.hidden = true;
            document.body.append(element);
            return element.checkVisibility();
        }""",
        style,
    )

    assert not is_seen
