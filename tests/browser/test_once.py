"""One gesture is one order: double clicks, held keys, and buttons that change under the finger."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.pictures import begin_afresh
from tests.studio import RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]
PRESSED_TWICE = "Pressed twice within a second, so it was ordered once."


@pytest.fixture(autouse=True)
def open_studio(page: Page) -> None:
    begin_afresh(page)


@pytest.fixture
def posts(page: Page) -> list[str]:
    """The last word of each address that something was sent to, but for what only renews."""
    seen: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST" and not request.url.endswith("/composer/"):
            seen.append(request.url.rstrip("/").rpartition("/")[2])

    page.on("request", note)
    return seen


def write(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt").fill(prompt)


def double_click(page: Page, target: Locator, gap_s: float) -> None:
    """As a hand does it: the answer to the first may come before the second."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.up()
    time.sleep(gap_s)
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)


def hold_enter(page: Page, *, times: int = 30) -> None:
    for _ in range(times):
        page.keyboard.down("Enter")
        page.wait_for_timeout(40)
    page.keyboard.up("Enter")


def held_job(page: Page, prompt: str) -> Locator:
    write(page, f"{prompt} [cut]")
    page.get_by_role("button", name="Generate").click()
    card = page.locator("article", has_text=prompt)
    expect(card).to_have_attribute("data-state", "held", timeout=20_000)
    return card


@pytest.mark.parametrize("gap_s", [0.05, 0.25, 0.45])
def test_field_u01_it_orders_once_at_a_double_click_of_any_speed(
    gap_s: float, page: Page, posts: list[str]
) -> None:
    write(page, f"A fox clicked twice in {gap_s} s")

    double_click(page, page.locator("#send"), gap_s)

    expect(page.locator("article", has_text=f"twice in {gap_s} s")).to_have_count(1)
    page.wait_for_timeout(800)
    assert posts == ["jobs"]


@pytest.mark.parametrize(("focus", "modifier"), [("#prompt", "Control"), ("#send", "")])
def test_field_u01_it_orders_once_while_a_key_is_held(
    focus: str, modifier: str, page: Page, posts: list[str]
) -> None:
    write(page, f"A fox held by {modifier or 'Enter'} alone")
    page.locator(focus).focus()

    if modifier:
        page.keyboard.down(modifier)
    hold_enter(page)
    if modifier:
        page.keyboard.up(modifier)

    page.wait_for_timeout(500)
    assert posts == ["jobs"]
    expect(
        page.locator("article", has_text=f"A fox held by {modifier or 'Enter'} alone")
    ).to_have_count(1)


def test_field_u01_it_still_writes_empty_lines_with_a_held_enter(page: Page) -> None:
    write(page, "A fox")
    page.locator("#prompt").press("End")

    hold_enter(page, times=3)

    expect(page.get_by_label("Prompt")).to_have_value("A fox\n\n\n")


def test_field_u01_it_takes_two_quick_presses_for_one_and_says_so(page: Page) -> None:
    """Two taps of a finger, which no browser counts as a double click."""
    cards = tap_twice_within_a_second(page)

    expect(page.get_by_text(PRESSED_TWICE)).to_be_visible()
    expect(cards).to_have_count(1)


def tap_twice_within_a_second(page: Page) -> Locator:
    """The second tap comes behind the first one's answer; a busy machine may need some tries."""
    for attempt in range(9):
        write(page, f"A fox tapped twice, try {attempt}")
        cards = page.locator("article", has_text=f"A fox tapped twice, try {attempt}")
        started_s = time.monotonic()
        page.locator("#prompt").press("Control+Enter")
        expect(cards).to_have_count(1)
        page.locator("#prompt").press("Control+Enter")
        if time.monotonic() - started_s < 0.8:
            return cards
    raise AssertionError("this machine is too busy to tap twice within a second")


def test_field_u01_it_orders_another_one_a_moment_later(page: Page) -> None:
    write(page, "A fox wanted twice")
    cards = page.locator("article", has_text="A fox wanted twice")
    page.locator("#prompt").press("Control+Enter")
    expect(cards).to_have_count(1)
    page.wait_for_timeout(1100)

    page.locator("#prompt").press("Control+Enter")

    expect(cards).to_have_count(2)
    expect(page.get_by_text(PRESSED_TWICE)).to_have_count(0)


def test_field_u01_it_orders_at_once_what_was_changed(page: Page) -> None:
    write(page, "A fox, first version")
    page.locator("#prompt").press("Control+Enter")
    expect(page.locator("article", has_text="A fox, first version")).to_have_count(1)

    write(page, "A fox, second version")
    page.locator("#prompt").press("Control+Enter")

    expect(page.locator("article", has_text="A fox, second version")).to_have_count(1)


def test_field_u01_it_makes_one_key_at_a_double_click(page: Page, posts: list[str]) -> None:
    """Not an order, but the same kind: whatever sends a form whole is pressed once."""
    page.goto("/keys/")
    page.get_by_label("Name").first.fill("Clicked twice")

    double_click(page, page.get_by_role("button", name=re.compile("Make the key")), 0.2)

    page.wait_for_timeout(500)
    assert posts.count("new") == 1


def test_field_u01_it_still_steps_at_every_click_of_a_stepper(page: Page) -> None:
    double_click(page, page.get_by_role("button", name="One more"), 0.1)

    expect(page.locator("#n")).to_have_value("3")


def test_field_u01_a_click_counts_though_the_answer_comes_while_it_is_held(page: Page) -> None:
    more = page.get_by_role("button", name="One more")
    more.click()
    page.wait_for_timeout(20)

    with page.expect_response("**/composer/"):
        more.hover()
        page.mouse.down()
    page.wait_for_timeout(300)
    page.mouse.up()

    expect(page.locator("#n")).to_have_value("3")


def test_field_u04_a_second_enter_on_try_again_cancels_nothing(
    page: Page, posts: list[str]
) -> None:
    card = held_job(page, "A fox tried again")
    posts.clear()
    card.get_by_role("button", name="Try again").focus()

    page.keyboard.press("Enter")
    expect(card.get_by_role("heading")).to_be_focused()
    page.keyboard.press("Enter")

    page.wait_for_timeout(800)
    assert posts == ["retry"]
    expect(page).to_have_url(re.compile(r"/$"))


def test_field_u04_a_held_enter_on_try_again_tries_once(page: Page, posts: list[str]) -> None:
    card = held_job(page, "A fox tried for long")
    posts.clear()
    card.get_by_role("button", name="Try again").focus()

    hold_enter(page, times=40)

    assert posts == ["retry"]


def test_field_u04_a_cancel_by_key_leaves_the_focus_at_its_card(page: Page) -> None:
    write(page, "A fox cancelled by key [slow:20]")
    page.locator("#prompt").press("Control+Enter")
    card = page.locator("article", has_text="A fox cancelled by key")
    card.get_by_role("button", name="Cancel").focus()

    page.keyboard.press("Enter")

    expect(card).to_have_attribute("data-state", "cancelled")
    expect(card.get_by_role("heading")).to_be_focused()


def test_field_u04_a_poll_that_takes_a_button_away_leaves_the_focus_at_its_card(
    page: Page,
) -> None:
    write(page, "A fox that ends by itself [slow:3]")
    page.locator("#prompt").press("Control+Enter")
    card = page.locator("article", has_text="A fox that ends by itself")
    expect(card).to_have_attribute("data-state", "running")
    card.get_by_role("button", name="Cancel").focus()

    expect(card).to_have_attribute("data-state", "succeeded", timeout=20_000)

    expect(card.get_by_role("heading")).to_be_focused()


@pytest.mark.parametrize("field", ["#n", "#frame_count", "#frame_duration_ms"])
def test_field_u05_it_counts_nothing_when_the_wheel_passes_over_a_number(
    field: str, page: Page
) -> None:
    page.locator("label:has(#output_format-gif)").click()
    page.locator("#more-summary").click()
    expect(page.locator(field)).to_be_enabled()
    page.locator(field).fill("2")
    box = page.locator(field).bounding_box()
    assert box
    page.mouse.move(box["x"] + 10, box["y"] + 8)

    for _ in range(3):
        page.mouse.wheel(0, -100)
        page.wait_for_timeout(100)

    expect(page.locator(field)).to_have_value("2")


def test_field_u05_no_page_has_a_field_in_which_the_wheel_counts(page: Page) -> None:
    for address in ("/", "/keys/", "/oversight/", "/history/"):
        page.goto(address)
        expect(page.locator("input[type=number]")).to_have_count(0)


def test_field_u05_the_arrow_keys_still_count(page: Page) -> None:
    page.locator("#n").fill("2")

    page.locator("#n").press("ArrowUp")
    expect(page.locator("#n")).to_have_value("3")
    page.locator("#n").press("ArrowDown")
    page.locator("#n").press("ArrowDown")
    page.locator("#n").press("ArrowDown")

    expect(page.locator("#n")).to_have_value("1")
    expect(page.locator("#estimate")).to_contain_text("1 picture")


@pytest.mark.parametrize("prompt", ["\u200b", "\u3164\ufe0f", "\u2800 \u00ad"], ids=ascii)
def test_field_u16_it_buys_nothing_for_a_prompt_that_nobody_can_see(
    prompt: str, page: Page, studio: RunningStudio
) -> None:
    before = studio.rows("SELECT count(*) FROM jobs_job")
    write(page, prompt)

    page.get_by_role("button", name="Generate").click()

    expect(page.get_by_role("alert").first).to_contain_text("Write what you want to see.")
    assert studio.rows("SELECT count(*) FROM jobs_job") == before
