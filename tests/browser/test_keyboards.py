"""Every keyboard and way of writing: input methods, other alphabets, no single keys at all."""

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.pictures import add, begin_afresh, fox, tiles

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]
COMPOSED = """
    (key) => document.activeElement.dispatchEvent(new KeyboardEvent(
        "keydown", {key, keyCode: 229, isComposing: true, bubbles: true, cancelable: true}))
"""
Press = Callable[..., None]


@pytest.fixture(autouse=True)
def open_studio(page: Page) -> None:
    begin_afresh(page)


@pytest.fixture
def cdp(page: Page) -> CDPSession:
    return page.context.new_cdp_session(page)


@pytest.fixture
def press(page: Page, cdp: CDPSession) -> Press:
    """A key of any keyboard: what it prints, and its place on an American one."""

    def press(key: str, code: str, *, ctrl: bool = False) -> None:
        modifiers = 2 if ctrl else 0
        event = {"key": key, "code": code, "modifiers": modifiers}
        cdp.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **event})
        cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    return press


def compose(cdp: CDPSession, text: str) -> None:
    place = {"selectionStart": len(text), "selectionEnd": len(text)}
    cdp.send("Input.imeSetComposition", {"text": text, **place})


def open_editor(page: Page) -> None:
    add(page, fox(1, 640, 480))
    expect(tiles(page)).to_have_count(1)
    page.locator("#paint-markup").click()
    expect(page.locator("dialog.editor")).to_have_attribute("data-state", "ready")


def draw(page: Page) -> None:
    box = page.locator("[data-stage]").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 50, y)
    page.mouse.down()
    page.mouse.move(x + 50, y + 40, steps=4)
    page.mouse.up()
    expect(page.locator("[data-status]")).to_have_text("1 mark")


def test_field_u08_it_saves_no_preset_while_a_word_is_put_together(
    page: Page, cdp: CDPSession
) -> None:
    page.locator("#presets-summary").click()
    page.locator("#preset_name").focus()
    compose(cdp, "ふゆのもり")

    assert page.evaluate(COMPOSED, "Enter")

    page.wait_for_timeout(500)
    expect(page.locator(".presets__row")).to_have_count(0)


@pytest.mark.parametrize("key", ["Enter", "Escape"])
def test_field_u08_it_leaves_the_words_on_a_picture_to_the_input_method(
    key: str, page: Page, cdp: CDPSession
) -> None:
    open_editor(page)
    page.locator("[data-tool=text]").evaluate("(tool) => tool.click()")
    page.locator("[data-stage]").click(position={"x": 200, "y": 200})
    expect(page.locator(".editor__words")).to_be_focused()
    compose(cdp, "にほん")

    page.evaluate(COMPOSED, key)

    page.wait_for_timeout(200)
    expect(page.locator(".editor__words")).to_have_value("にほん")
    expect(page.locator("dialog.editor")).to_be_visible()


def test_field_u08_it_looks_at_no_history_while_a_word_is_put_together(
    page: Page, cdp: CDPSession
) -> None:
    page.get_by_label("Prompt", exact=True).fill("A fox of the past")
    page.keyboard.press("Control+Enter")
    expect(page.locator("article", has_text="A fox of the past")).to_have_count(1)
    page.get_by_label("Prompt", exact=True).fill("")

    page.evaluate(COMPOSED, "ArrowUp")

    expect(page.get_by_label("Prompt", exact=True)).to_have_value("")


def test_field_u08_it_reads_digits_of_any_width_and_drops_a_unit(page: Page) -> None:
    page.locator("label:has(#size-custom)").click()
    page.get_by_label("Width in pixels").fill("\uff11\uff10\uff12\uff14")
    page.get_by_label("Height in pixels").fill("1536 px")
    page.get_by_label("Height in pixels").blur()

    expect(page.get_by_label("Width in pixels")).to_have_value("1024")
    expect(page.get_by_label("Height in pixels")).to_have_value("1536")
    expect(page.locator("[data-area]")).to_have_text("1.57 megapixels")


@pytest.mark.parametrize("key", ["я", "ζ", "ئ", "ז", "z"])
def test_field_u09_it_undoes_on_keyboards_of_every_alphabet(
    key: str, page: Page, press: Press
) -> None:
    open_editor(page)
    draw(page)

    press(key, "KeyZ", ctrl=True)

    expect(page.locator("[data-status]")).to_have_text("Nothing drawn")


def test_field_u09_it_goes_by_the_letter_where_it_is_latin(page: Page, press: Press) -> None:
    """A French Z lies where others have W."""
    open_editor(page)
    draw(page)

    press("z", "KeyW", ctrl=True)

    expect(page.locator("[data-status]")).to_have_text("Nothing drawn")


def test_field_u09_a_german_plus_zooms(page: Page, press: Press) -> None:
    open_editor(page)
    before = page.locator("[data-percent]").inner_text()

    press("+", "BracketRight")

    expect(page.locator("[data-percent]")).not_to_have_text(before)


@pytest.mark.parametrize(("key", "code"), [("ф", "KeyA"), ("\u03b1", "KeyA"), ("a", "KeyA")])
def test_field_u09_it_chooses_tools_on_keyboards_of_every_alphabet(
    key: str, code: str, page: Page, press: Press
) -> None:
    open_editor(page)
    page.locator("[data-tool=pen]").evaluate("(tool) => tool.click()")
    page.locator("[data-stage]").focus()

    press(key, code)

    expect(page.locator("[data-tool=arrow]")).to_be_checked()


def test_ux_n_is_found_on_a_keyboard_without_latin_letters(page: Page, press: Press) -> None:
    page.locator("h1").click()

    press("т", "KeyN")

    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()


def test_ux_single_keys_can_be_turned_off_and_stay_so(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.locator("label[for=single-keys]").click()
    page.keyboard.press("Escape")
    page.reload()

    page.locator("h1").click()
    page.keyboard.press("n")

    expect(page.get_by_label("Prompt", exact=True)).not_to_be_focused()
    page.get_by_role("button", name="Your account").click()
    expect(page.locator("#single-keys")).not_to_be_checked()
