"""Pictures that cannot be read, and clipboards that carry more than a picture."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pictures import add, begin_afresh, fox, hand_over, tiles

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]
PASTE = """
    async ([name, text]) => {
        const canvas = new OffscreenCanvas(50, 50);
        canvas.getContext("2d").fillRect(0, 0, 9, 9);
        const data = new DataTransfer();
        data.setData("text/plain", text);
        data.items.add(new File([await canvas.convertToBlob()], name, {type: "image/png"}));
        const event = new ClipboardEvent(
            "paste", {clipboardData: data, bubbles: true, cancelable: true});
        return document.querySelector("#prompt").dispatchEvent(event);
    }
"""
# What a browser says of a file that was moved, locked or changed since it was chosen.
BROKEN = """
    (name) => {
        Blob.prototype.arrayBuffer = function () {
            return Promise.reject(new DOMException("gone", name));
        };
    }
"""


@pytest.fixture(autouse=True)
def open_studio(page: Page) -> None:
    begin_afresh(page)


def drop_path(page: Page, path: Path) -> None:
    """From the file manager, as the browser's own events."""
    cdp = page.context.new_cdp_session(page)
    box = page.locator(".composer").bounding_box()
    assert box
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": box["x"] + 80, "y": box["y"] + 120, "data": data}
        cdp.send("Input.dispatchDragEvent", event)


def test_field_u06_it_says_that_a_folder_is_one_and_goes_on(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    (folder / "a.txt").write_text("x")

    drop_path(page, folder)

    expect(page.locator(".reference--failed")).to_contain_text(
        "holiday is a folder. Drop the pictures in it."
    )
    page.get_by_role("button", name="Remove holiday").click()
    expect(page.locator("#composer-advice")).to_be_hidden()


@pytest.mark.parametrize("name", ["NotReadableError", "NotFoundError", "SecurityError"])
def test_field_u06_it_says_that_a_file_cannot_be_read(name: str, page: Page) -> None:
    page.evaluate(BROKEN, name)

    add(page, fox(1))

    expect(page.locator(".reference--failed")).to_contain_text(
        "fox-1.png can't be read any more. Choose it again."
    )


def test_field_u06_it_says_that_a_file_was_changed_before_the_second_try(
    page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "fox.png"
    path.write_bytes(fox(1)["buffer"])
    page.context.set_offline(True)
    page.locator("#files").set_input_files(path)
    expect(page.locator(".reference--failed")).to_contain_text("no connection. It is kept here.")
    path.write_bytes(fox(2, 200, 200)["buffer"] + b"longer")

    page.context.set_offline(False)

    expect(page.locator(".reference--failed")).to_contain_text(
        "fox.png can't be read any more. Choose it again."
    )


def test_field_u06_it_ends_a_tile_with_words_whatever_goes_wrong(page: Page) -> None:
    page.evaluate("() => { FormData.prototype.append = () => { throw new Error('odd'); }; }")

    add(page, fox(1))

    expect(page.locator(".reference--failed")).to_contain_text("fox-1.png could not be added.")


@pytest.mark.parametrize(
    "text",
    [
        "IMG_1.png",
        "/Users/alice/IMG_1.png",
        "C:\\Users\\alice\\IMG_1.png",
        "file:///home/alice/IMG_1.png",
        "https://example.org/pictures/fox",
        "",
    ],
)
def test_field_u13_a_picture_is_pasted_and_not_its_name(text: str, page: Page) -> None:
    was_left_alone = page.evaluate(PASTE, ["IMG_1.png", text])

    assert not was_left_alone
    expect(tiles(page)).to_have_count(1)


@pytest.mark.parametrize("text", ["a fox in the snow", "IMG_1.png is the fox", "IMG_2.png"])
def test_field_u13_words_are_pasted_though_a_picture_of_them_comes_along(
    text: str, page: Page
) -> None:
    """Word and Excel bring a drawing of the text."""
    assert page.evaluate(PASTE, ["IMG_1.png", text])
    expect(page.locator(".reference--pending")).to_have_count(0)


def test_field_u13_it_says_what_to_do_with_an_address(page: Page) -> None:
    hand_over(page.locator(".composer"), "drop", text="https://example.org/cat.png")

    expect(page.locator(".toast")).to_contain_text("Your browser hands over only the address.")


def test_field_u23_it_counts_characters_and_not_halves_of_them(page: Page) -> None:
    page.get_by_label("Prompt").fill("😀" * 31_000)

    expect(page.locator("[data-prompt-count]")).to_have_text("31,000 of 32,000 characters")


def test_field_u23_it_cuts_a_title_between_characters(page: Page) -> None:
    page.get_by_label("Prompt").fill("x" * 38 + "😀👨‍👩 [moderation]")
    page.keyboard.press("Control+Enter")

    toast = page.locator(".toast")
    expect(toast).to_contain_text("did not work", timeout=20_000)
    said = toast.first.inner_text()
    said.encode()  # No half of a pair in it.
    assert "😀…" in said


def test_field_u22_it_copies_without_the_clipboard_of_the_browser(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    address = made_picture(page, "A fox to be copied")
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})"
    )
    page.goto(address)

    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_text("Copied.", exact=True)).to_be_visible()
    page.goto("/")
    page.get_by_label("Prompt").fill("")
    page.get_by_label("Prompt").press("Control+V")
    expect(page.get_by_label("Prompt")).to_have_value("A fox to be copied")


def test_field_u22_it_selects_the_text_where_nothing_may_be_copied(page: Page) -> None:
    page.goto(made_picture(page, "A fox to be selected"))
    page.evaluate(
        """() => {
            Object.defineProperty(navigator, "clipboard", {value: undefined});
            document.execCommand = () => false;
        }"""
    )

    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_text("The text is selected").first).to_be_attached()
    assert page.evaluate("getSelection().toString()") == "A fox to be selected"


def test_field_u23_paper_shows_the_work_and_no_bars(page: Page) -> None:
    page.goto(made_picture(page, "A fox on paper"))
    page.emulate_media(media="print", color_scheme="dark")

    expect(page.locator(".viewer__picture")).to_be_visible()
    for bar in (".rail", ".topbar__end", ".button-row >> nth=0"):
        expect(page.locator(bar)).to_be_hidden()
    scheme = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    assert scheme == "light"


def made_picture(page: Page, prompt: str) -> str:
    page.get_by_label("Prompt").fill(prompt)
    page.keyboard.press("Control+Enter")
    link = page.locator("article", has_text=prompt).locator(".slot__link").first
    expect(link).to_be_visible(timeout=20_000)
    return link.get_attribute("href") or ""
