"""The mask editor: what is selected by mouse, finger and keys is what the studio gets."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.editing import HEIGHT, WIDTH, Editor, alpha_at, changes, near, visit
from tests.studio import RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def editor(page: Page) -> Editor:
    return visit(page)


def test_a_painted_mask_is_see_through_where_the_brush_was(editor: Editor) -> None:
    editor.open("mask").is_ready().drag((200, 150), (300, 150))

    mask = editor.use()

    # The brush begins with a twelfth of the shorter edge: 25 px.
    assert mask.size == (WIDTH, HEIGHT)
    assert all(alpha_at(mask, x, 150) == 0 for x in range(192, 309))
    assert all(
        alpha_at(mask, 250, y) == (0 if 139 <= y <= 160 else 255)
        for y in (*range(136), 139, 150, 160, *range(165, HEIGHT))
    )
    assert alpha_at(mask, 180, 150) == alpha_at(mask, 320, 150) == 255


def test_a_click_paints_a_dot(editor: Editor) -> None:
    editor.open("mask").is_ready()
    editor.page.mouse.click(*editor.on_screen(200, 150))

    mask = editor.use()

    assert near(changes(mask), (188, 138, 212, 162))


def test_a_soft_brush_fades_outwards(editor: Editor) -> None:
    editor.open("mask").is_ready()
    editor.dialog.get_by_role("slider", name="Hardness").fill("0")
    editor.drag((100, 150), (300, 150))

    mask = editor.use()

    column = [alpha_at(mask, 200, y) for y in range(150, 165)]
    assert column == sorted(column)
    assert (column[0], column[-1]) == (0, 255)
    assert len(set(column)) > 4


def test_the_eraser_takes_back(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(100, 100, 200, 100)
    editor.tool("Eraser")
    editor.drag((200, 80), (200, 220))

    mask = editor.use()

    assert alpha_at(mask, 150, 150) == alpha_at(mask, 250, 150) == 0
    assert alpha_at(mask, 200, 150) == 255


def test_a_rectangle_by_numbers_is_exact(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(30, 40, 120, 60)
    editor.rectangle(30, 40, 20, 60, "Subtract")

    mask = editor.use()

    assert changes(mask) == (50, 40, 150, 100)
    assert mask.getchannel("A").histogram()[0] == 100 * 60
    assert mask.getchannel("A").histogram()[255] == WIDTH * HEIGHT - 100 * 60


def test_invert_changes_inside_and_outside(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(100, 100, 50, 50)
    editor.press("Invert")
    expect(editor.voice).to_have_text("Inverted. 98 % selected.")

    mask = editor.use()

    assert alpha_at(mask, 125, 125) == 255
    assert alpha_at(mask, 10, 10) == 0


def test_steps_can_be_taken_back_and_again(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(0, 0, 100, 100)
    editor.rectangle(200, 200, 50, 50)
    editor.press("Clear")
    editor.page.keyboard.press("Control+z")
    editor.page.keyboard.press("Control+z")
    editor.page.keyboard.press("Control+Shift+z")
    editor.page.keyboard.press("Control+z")
    expect(editor.voice).to_contain_text("Undone.")

    assert changes(editor.use()) == (0, 0, 100, 100)


def test_zoom_pan_and_the_size_of_the_screen_do_not_move_the_mask(editor: Editor) -> None:
    editor.open("mask").is_ready().tool("Rectangle")
    editor.drag((50, 50), (100, 100))
    editor.page.mouse.move(*editor.on_screen(300, 200))
    editor.page.mouse.wheel(0, -400)
    editor.page.keyboard.down(" ")
    editor.drag((300, 200), (290, 190))
    editor.page.keyboard.up(" ")
    editor.page.set_viewport_size({"width": 700, "height": 900})
    editor.drag((300, 200), (320, 220))

    mask = editor.use()

    alpha = mask.getchannel("A")
    assert near(changes(mask), (50, 50, 320, 220))
    assert alpha.getpixel((75, 75)) == alpha.getpixel((310, 210)) == 0
    assert (
        alpha.getpixel((200, 150))
        == alpha.getpixel((105, 105))
        == alpha.getpixel((295, 195))
        == 255
    )


def test_the_lasso_closes_itself(editor: Editor) -> None:
    editor.open("mask").is_ready().tool("Lasso")
    editor.drag((100, 100), (200, 100), (150, 200))

    mask = editor.use()

    assert alpha_at(mask, 150, 130) == 0
    assert alpha_at(mask, 105, 190) == 255


def test_fill_stays_inside_a_closed_outline(editor: Editor) -> None:
    editor.open("mask").is_ready().drag((100, 60), (300, 60), (300, 240), (100, 240), (100, 60))
    editor.tool("Fill")
    editor.page.mouse.click(*editor.on_screen(200, 150))

    mask = editor.use()

    assert all(alpha_at(mask, x, 150) == 0 for x in range(95, 305))
    assert alpha_at(mask, 20, 20) == 255


def test_feather_fades_the_edge(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(100, 50, 200, 200)
    editor.dialog.get_by_role("slider", name="Feather").fill("5")

    mask = editor.use()

    row = [alpha_at(mask, x, 150) for x in range(80, 121)]
    assert row == sorted(row, reverse=True)
    assert (row[0], row[-1]) == (255, 0)
    assert 90 < row[20] < 165


def test_keys_alone_make_a_mask(editor: Editor) -> None:
    editor.open("mask").is_ready()
    keyboard = editor.page.keyboard
    keyboard.press("ArrowLeft")
    keyboard.press("Enter")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    expect(editor.voice).to_contain_text("row 11 of 20, selected.")
    keyboard.press("Enter")
    expect(editor.voice).to_contain_text("not selected. Less than 1 %")

    # A cell is 5 % of each edge; the first stands left of the middle.
    assert changes(editor.use()) == (160, 135, 180, 150)


def test_brackets_change_the_brush(editor: Editor) -> None:
    editor.open("mask").is_ready()
    size = editor.dialog.get_by_role("slider", name="Size")
    expect(size).to_have_attribute("aria-valuetext", "25 px")

    editor.page.keyboard.press("]")
    expect(size).to_have_attribute("aria-valuetext", "29 px")
    editor.page.keyboard.press("[")
    editor.page.keyboard.press("[")
    expect(size).to_have_attribute("aria-valuetext", "22 px")
    editor.page.keyboard.press("Shift+{")
    expect(editor.dialog.get_by_role("slider", name="Hardness")).to_have_attribute(
        "aria-valuetext", "90 %"
    )


def test_holding_the_eye_shows_the_picture_alone(editor: Editor) -> None:
    editor.open("mask").is_ready().press("Select all")
    bare = "document.querySelector('[data-ink]').getContext('2d').getImageData(0, 0, 1e3, 500)"
    is_bare = f"() => {bare}.data.every((value) => value === 0)"
    editor.page.wait_for_function(f"() => !({is_bare})()")
    eye = editor.dialog.get_by_role("button", name="Hold to see the picture alone")

    eye.focus()
    editor.page.keyboard.down("Enter")
    editor.page.wait_for_function(is_bare)
    editor.page.keyboard.up("Enter")

    editor.page.wait_for_function(f"() => !({is_bare})()")


def test_delete_is_for_marks_and_leaves_a_mask_alone(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(0, 0, 50, 50)
    editor.stage.focus()

    editor.page.keyboard.press("Delete")

    assert changes(editor.use()) == (0, 0, 50, 50)


def test_an_earlier_mask_is_gone_on_with(editor: Editor) -> None:
    picture = editor.upload
    editor.open("mask").is_ready().rectangle(100, 100, 50, 50)
    editor.use()
    earlier, editor.upload = editor.upload, picture
    editor.open("mask", layerUrl=earlier["url"]).is_ready().rectangle(200, 100, 50, 50)

    mask = editor.use()

    assert changes(mask) == (100, 100, 250, 150)
    assert mask.getchannel("A").histogram()[0] == 2 * 50 * 50


@pytest.mark.parametrize(
    ("steps", "words"),
    [([], "Nothing is selected yet."), (["Select all"], "Everything is selected")],
)
def test_a_mask_of_nothing_or_all_is_refused(steps: list[str], words: str, editor: Editor) -> None:
    sent: list[str] = []
    editor.open("mask").is_ready()
    editor.page.on("request", lambda request: sent.append(request.method))
    for step in steps:
        editor.press(step)

    editor.press("Use mask")

    editor.says(words)
    assert "POST" not in sent


@pytest.fixture
def phone(chromium: Browser, studio: RunningStudio, signed_in: str) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=studio.base_url,
        storage_state=signed_in,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    )
    yield context.new_page()
    context.close()


def test_one_finger_paints_and_two_move_the_picture(phone: Page) -> None:
    editor = visit(phone).open("mask").is_ready()
    fingers = hand_of(phone)
    one, other = editor.on_screen(100, 100), editor.on_screen(300, 100)
    fingers("touchStart", one)
    fingers("touchStart", one, other)
    fingers("touchMove", (one[0] - 20, one[1] + 60), (other[0] + 20, other[1] + 60))
    fingers("touchEnd")
    expect(editor.dialog.get_by_text("Nothing selected")).to_be_visible()
    assert editor.on_screen(100, 100) != pytest.approx(one, abs=5)
    begin, end = editor.on_screen(180, 150), editor.on_screen(220, 150)
    fingers("touchStart", begin)
    fingers("touchMove", end)
    fingers("touchEnd")

    mask = editor.use()

    assert all(alpha_at(mask, x, 150) == 0 for x in range(180, 220))
    assert alpha_at(mask, 100, 100) == alpha_at(mask, 300, 100) == 255


def test_a_hand_that_rests_beside_the_pen_paints_nothing(phone: Page) -> None:
    editor = visit(phone).open("mask").is_ready()
    pen, fingers = phone.context.new_cdp_session(phone), hand_of(phone)
    x, y = editor.on_screen(100, 100)
    for kind in ("mousePressed", "mouseReleased"):
        at = {"type": kind, "x": x, "y": y, "button": "left", "pointerType": "pen"}
        pen.send("Input.dispatchMouseEvent", at | {"clickCount": 1})
    fingers("touchStart", editor.on_screen(300, 200))
    fingers("touchMove", editor.on_screen(320, 220))
    fingers("touchEnd")

    mask = editor.use()

    assert alpha_at(mask, 100, 100) == 0
    assert alpha_at(mask, 300, 200) == alpha_at(mask, 310, 210) == 255


def hand_of(phone: Page) -> Callable[..., None]:
    """Fingers on the glass, all of them at a time."""
    touch = phone.context.new_cdp_session(phone)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    return fingers
