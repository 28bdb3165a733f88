"""The markup editor: strokes and words over a picture that shows through everywhere else."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.editing import HEIGHT, WIDTH, Editor, alpha_at, visit

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def editor(page: Page) -> Editor:
    return visit(page)


def test_markup_is_see_through_but_for_its_strokes(editor: Editor) -> None:
    editor.open("markup").is_ready().drag((50, 250), (150, 250))
    editor.dialog.get_by_role("radio", name="Blue").check()
    editor.tool("Text")
    editor.page.mouse.click(*editor.on_screen(250, 60))
    editor.page.keyboard.type("brighter")
    editor.page.keyboard.press("Enter")
    expect(editor.dialog.get_by_text("2 marks")).to_be_visible()

    markup = editor.use()

    assert markup.size == (WIDTH, HEIGHT)
    assert markup.getpixel((100, 250)) == (255, 45, 85, 255)
    assert markup.crop((245, 45, 400, 75)).getcolors(10_000) is not None
    assert markup.crop((250, 50, 350, 70)).getchannel("A").getbbox() is not None
    assert alpha_at(markup, 20, 20) == alpha_at(markup, 200, 150) == 0


def test_a_mark_is_chosen_moved_and_deleted(editor: Editor) -> None:
    editor.open("markup").is_ready().tool("Rectangle")
    editor.drag((50, 50), (100, 100))
    editor.drag((200, 50), (250, 100))
    editor.tool("Select")
    editor.drag((50, 75), (150, 175))
    editor.page.mouse.click(*editor.on_screen(200, 75))
    editor.page.keyboard.press("Delete")

    markup = editor.use()

    box = markup.getchannel("A").getbbox()
    assert box
    assert all(abs(one - other) < 5 for one, other in zip(box, (150, 150, 200, 200), strict=True))


def test_empty_markup_is_refused(editor: Editor) -> None:
    editor.open("markup").is_ready().press("Use markup")

    editor.says("Nothing is drawn yet.")


def test_keys_alone_draw_an_arrow(editor: Editor) -> None:
    editor.open("markup").is_ready()
    for key in ("Enter", "Shift+ArrowRight", "Enter"):
        editor.page.keyboard.press(key)
    expect(editor.voice).to_have_text("1 mark.")

    markup = editor.use()

    # From the middle cell's middle, five cells to the right.
    assert alpha_at(markup, 230, 142) == 255


def test_a_width_tried_by_slider_is_one_step(editor: Editor) -> None:
    editor.open("markup").is_ready().drag((100, 100), (200, 100))
    editor.tool("Select")
    editor.page.mouse.click(*editor.on_screen(150, 100))
    width = editor.dialog.get_by_role("slider", name="Width")
    for position in ("60", "70", "80"):
        width.fill(position)

    editor.page.keyboard.press("Control+z")
    editor.page.keyboard.press("Control+z")

    expect(editor.dialog.get_by_text("Nothing drawn", exact=True)).to_be_visible()


def test_the_eraser_takes_whole_marks(editor: Editor) -> None:
    editor.open("markup").is_ready().drag((50, 50), (150, 50))
    editor.drag((50, 250), (150, 250))
    editor.tool("Eraser")
    editor.drag((100, 20), (100, 100))

    markup = editor.use()

    assert alpha_at(markup, 60, 50) == 0
    assert alpha_at(markup, 60, 250) == 255


def test_an_earlier_markup_lies_under_what_is_drawn_now(editor: Editor) -> None:
    picture = editor.upload
    editor.open("markup").is_ready().drag((50, 50), (150, 50))
    editor.use()
    earlier, editor.upload = editor.upload, picture
    editor.open("markup", layerUrl=earlier["url"]).is_ready().drag((50, 250), (150, 250))

    markup = editor.use()

    assert alpha_at(markup, 80, 50) == alpha_at(markup, 80, 250) == 255
    assert alpha_at(markup, 80, 150) == 0
