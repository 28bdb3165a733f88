"""The same studio with script switched off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pictures import begin_afresh, fox, names, tiles
from tests.studio import RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def plain(chromium: Browser, studio: RunningStudio, signed_in: str) -> Iterator[Page]:
    """A page with an empty draft, whatever the tests before have left in it."""
    context = chromium.new_context(
        base_url=studio.base_url, storage_state=signed_in, java_script_enabled=False
    )
    page = context.new_page()
    begin_afresh(page)
    yield page
    context.close()


def test_a_picture_is_made_and_seen(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_label("Prompt").fill("A fox without script")
    plain.get_by_role("button", name="Generate").click()
    card = plain.locator("article", has_text="A fox without script")
    expect(card).to_be_visible()

    for _ in range(20):
        if card.get_attribute("data-state") == "succeeded":
            break
        plain.wait_for_timeout(500)
        plain.reload()

    expect(card.locator("img")).to_be_visible()


def test_a_mistake_is_told_and_the_draft_kept(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_label("Prompt").fill("A fox of no number")
    plain.get_by_label("Pictures", exact=True).fill("11")

    plain.get_by_role("button", name="Generate").click()

    expect(plain.get_by_role("alert")).to_contain_text("Ask for 1 to 10 images")
    expect(plain.get_by_label("Prompt")).to_have_value("A fox of no number")
    expect(plain.get_by_label("Pictures", exact=True)).to_be_focused()


def test_the_settings_follow_the_model_by_a_button(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_label("Prompt").fill("A fox of the older model")
    plain.get_by_label("Model").select_option("gpt-image-2")

    plain.get_by_role("button", name="Update settings and estimate").click()

    expect(plain.locator("#quality-max")).to_be_disabled()
    expect(plain.get_by_label("Prompt")).to_have_value("A fox of the older model")


def test_enter_in_a_setting_orders_nothing(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_label("Prompt").fill("A fox that is not ordered without script")
    plain.get_by_label("Pictures", exact=True).fill("2")

    plain.keyboard.press("Enter")

    expect(plain.locator("#estimate")).to_contain_text("2 pictures")
    expect(plain.locator("article", has_text="not ordered without script")).to_have_count(0)


def test_the_account_menu_opens_and_signs_out(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_role("button", name="Your account").click()

    expect(plain.get_by_role("button", name="Sign out")).to_be_visible()


def test_pictures_are_added_moved_and_taken_out_by_buttons(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_label("Prompt").fill("A fox between two others")
    plain.locator("#files").set_input_files([fox(1), fox(2), fox(3)])
    plain.get_by_role("button", name="Upload pictures").click()
    expect(tiles(plain)).to_have_count(3)

    plain.get_by_role("button", name="Move fox-3.png earlier").click()
    assert names(plain) == ["fox-1.png", "fox-3.png", "fox-2.png"]

    for name in ("fox-1.png", "fox-2.png", "fox-3.png"):
        plain.get_by_role("button", name=f"Remove {name}").click()
    expect(tiles(plain)).to_have_count(0)
    expect(plain.get_by_label("Prompt")).to_have_value("A fox between two others")


def test_an_edit_of_one_picture_is_made(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_label("Prompt").fill("A fox edited without script")
    plain.locator("#operation-edit").check(force=True)
    plain.locator("#files").set_input_files(fox(4, 320, 240))

    plain.locator("#send").click()

    card = plain.locator("article", has_text="A fox edited without script")
    for _ in range(20):
        if card.get_attribute("data-state") == "succeeded":
            break
        plain.wait_for_timeout(500)
        plain.reload()
    expect(card.locator("img.slot__picture")).to_be_visible()


def test_a_preset_is_kept_and_used_by_buttons(plain: Page) -> None:
    plain.goto("/")
    plain.locator("#presets-summary").click()
    plain.get_by_label("Keep these settings under a name").fill("Plain")
    plain.locator("#preset-save").click()

    expect(plain.get_by_text("Saved as “Plain”.")).to_be_visible()
    plain.locator("#presets-summary").click()
    plain.get_by_role("button", name="Delete the preset Plain").click()
    expect(plain.get_by_text("“Plain” is deleted.")).to_be_visible()


def test_field_u01_a_double_click_is_one_order(plain: Page) -> None:
    """The second click may meet the page that came back for the first."""
    plain.get_by_label("Prompt").fill("A fox clicked twice without script")

    plain.locator("#send").dblclick()

    expect(plain.locator("article", has_text="clicked twice without script")).to_have_count(1)
    plain.wait_for_timeout(1000)
    plain.goto("/")
    expect(plain.locator("article", has_text="clicked twice without script")).to_have_count(1)


@pytest.mark.parametrize(("mode", "words"), [("edit", "Edit"), ("vary", "Make variation")])
def test_friction_02_the_button_follows_the_mode(mode: str, words: str, plain: Page) -> None:
    plain.locator(f"#operation-{mode}").check(force=True)

    expect(plain.locator("#send")).to_have_text(words, use_inner_text=True)
