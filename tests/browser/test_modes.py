"""What sending does is on the button, and nothing is bought with another picture's words."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pictures import add, begin_afresh, fox, kept_with, tiles

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]
PHONE = {"width": 390, "height": 844}


@pytest.fixture(autouse=True)
def open_studio(page: Page) -> None:
    begin_afresh(page)


def write(page: Page, prompt: str) -> None:
    """Until the server has it."""
    with page.expect_response(kept_with(prompt)) as answer:
        page.get_by_label("Prompt").fill(prompt)
    answer.value.finished()


def open_picture(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt").fill(prompt)
    page.keyboard.press("Control+Enter")
    link = page.locator("article", has_text=prompt).locator(".slot__link").first
    expect(link).to_be_visible(timeout=20_000)
    address = link.get_attribute("href") or ""
    write(page, "Ten minutes of another thought")
    page.goto(address)


def kept_draft(page: Page) -> Locator:
    return page.get_by_text("Your draft “Ten minutes of another thought” is kept.")


@pytest.mark.parametrize(
    ("verb", "button", "placeholder"),
    [
        ("Edit this picture", "Edit this picture", "What should change?"),
        ("Variation", "Make variation", "Say how it may differ, or leave this empty"),
    ],
)
def test_friction_01_it_begins_with_no_words_and_keeps_the_draft(
    verb: str, button: str, placeholder: str, page: Page
) -> None:
    open_picture(page, f"A fox for {button}")

    page.get_by_role("button", name=verb, exact=True).click()

    expect(page.get_by_label("Prompt")).to_have_value("")
    expect(page.get_by_label("Prompt")).to_have_attribute("placeholder", placeholder)
    expect(page.locator("#send")).to_have_text(button, use_inner_text=True)
    expect(tiles(page)).to_have_count(1)
    expect(kept_draft(page)).to_be_visible()

    page.get_by_role("button", name="Bring it back").click()

    expect(page.get_by_label("Prompt")).to_have_value("Ten minutes of another thought")
    expect(page.get_by_label("Prompt")).to_be_focused()
    expect(tiles(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Generate")).to_be_visible()
    expect(page.get_by_text("Your draft with 1 picture is kept.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Prompt")).to_have_value("Ten minutes of another thought")


def test_friction_03_use_again_keeps_the_draft(page: Page) -> None:
    open_picture(page, "A fox to be used again")

    page.get_by_role("link", name="Use again").click()

    expect(page.get_by_label("Prompt")).to_have_value("A fox to be used again")
    expect(kept_draft(page)).to_be_visible()
    page.get_by_role("button", name="Let it go").click()
    expect(kept_draft(page)).to_have_count(0)
    expect(page.get_by_label("Prompt")).to_have_value("A fox to be used again")


def test_field_u23_what_another_tab_wrote_over_is_kept(page: Page) -> None:
    other = page.context.new_page()
    other.goto("/")
    write(page, "Ten minutes of another thought")
    write(other, "A thought of the second tab")

    page.reload()

    expect(kept_draft(page)).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, {"width": 1440, "height": 900}], ids=["phone", "desk"])
def test_friction_02_the_button_says_what_it_does_wherever_one_can_send(
    size: dict[str, int], page: Page
) -> None:
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    send = page.locator("#send")
    expect(send).to_have_text("Generate", use_inner_text=True)

    add(page, fox(1))

    expect(send).to_have_text("Edit this picture", use_inner_text=True)
    expect(send).to_be_in_viewport(ratio=1)
    for way in ("edit", "generate"):
        page.locator(f"#operation-{way}").evaluate("(radio) => radio.click()")
        words = re.compile("^Edit this picture$" if way == "edit" else "^Generate$")
        expect(send).to_have_text(words, use_inner_text=True)


def test_friction_02_the_closed_sheet_of_a_phone_says_what_one_is_about(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    doing = page.locator("#composer-doing")
    expect(doing).to_be_hidden()
    add(page, fox(1))
    expect(doing).to_contain_text("Editing 1 picture", use_inner_text=True)
    expect(doing).to_be_in_viewport()

    doing.get_by_text("Generate instead").click()

    expect(doing).to_be_hidden()
    expect(page.get_by_role("button", name="Generate", exact=True)).to_be_visible()


def test_field_u04_a_pasted_picture_leaves_no_waiting_finger_on_the_button(page: Page) -> None:
    write(page, "A fox, almost sent")
    page.locator("#send").focus()

    add(page, fox(1))

    expect(page.locator("#operation-edit")).to_be_checked()
    expect(page.locator("#send")).not_to_be_focused()
    expect(page.get_by_label("Prompt")).to_be_focused()
