"""The editor when things go wrong: nothing that was drawn is lost without a question."""

import io

import pytest
from PIL import Image as Pillow
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.browser.editing import WIDTH, Editor, changes, send, visit
from tests.browser.test_every_page import complaints

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def editor(page: Page) -> Editor:
    return visit(page)


def test_escape_asks_before_work_is_lost_and_gives_the_focus_back(editor: Editor) -> None:
    opener = editor.page.get_by_label("Prompt")
    opener.focus()
    editor.open("mask").is_ready().rectangle(0, 0, 50, 50)
    question = editor.page.get_by_role("alertdialog")

    editor.page.keyboard.press("Escape")
    expect(editor.page.get_by_role("button", name="Keep drawing")).to_be_focused()
    editor.page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(editor.stage).to_be_focused()
    editor.page.keyboard.press("Escape")
    editor.page.get_by_role("button", name="Discard").click()

    expect(editor.dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_escape_just_closes_when_nothing_is_lost(editor: Editor) -> None:
    editor.open("mask").is_ready()

    editor.page.keyboard.press("Escape")

    expect(editor.dialog).to_be_hidden()


def test_what_the_studio_refuses_is_said_and_nothing_is_lost(editor: Editor) -> None:
    small = io.BytesIO()
    Pillow.new("RGB", (100, 100), "teal").save(small, "PNG")
    other = send(editor.page, small.getvalue())
    editor.open("mask", upload=other["upload"]).is_ready().rectangle(0, 0, 50, 50)

    editor.press("Use mask")

    editor.says("400 x 300 pixels large, but the picture is 100 x 100")
    expect(editor.dialog.get_by_text("2 % selected")).to_be_visible()


def test_a_session_that_ended_costs_nothing(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(0, 0, 50, 50)
    editor.page.context.clear_cookies()

    editor.press("Use mask")

    editor.says("You are signed out. Nothing is lost")
    expect(editor.dialog.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_token_that_is_no_longer_good_is_renewed(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(0, 0, 50, 50)
    editor.page.context.clear_cookies(name="csrftoken")

    assert changes(editor.use()) == (0, 0, 50, 50)


def test_it_waits_out_a_lost_connection(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(0, 0, 50, 50)
    editor.page.context.set_offline(True)
    editor.press("Use mask")
    editor.says("The studio can't be reached. Nothing is lost")

    editor.page.context.set_offline(False)

    assert changes(editor.use()) == (0, 0, 50, 50)


def test_sending_can_be_stopped(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(0, 0, 50, 50)
    editor.page.route("**/uploads/", lambda route: None)
    editor.press("Use mask")
    expect(editor.dialog.get_by_role("button", name="Use mask")).to_have_attribute(
        "aria-busy", "true"
    )

    editor.press("Close the editor")

    expect(editor.voice).to_have_text("Stopped. The mask is still here.")
    editor.page.unroute("**/uploads/")
    assert changes(editor.use()) == (0, 0, 50, 50)


def test_a_picture_that_does_not_come_can_be_asked_for_again(editor: Editor) -> None:
    address = f"**{editor.upload['url']}"
    editor.page.route(address, lambda route: route.abort())
    editor.open("mask")
    editor.says("The picture could not be loaded.")
    editor.page.unroute(address)

    editor.press("Try again")

    editor.is_ready()


def test_a_picture_of_another_size_is_not_worked_on(editor: Editor) -> None:
    editor.open("mask", width=WIDTH + 1)

    editor.says("Close the editor and add it again.")


@pytest.mark.parametrize("role", ["mask", "markup"])
def test_nobody_objects_to_the_open_editor(role: str, editor: Editor, watch: Watch) -> None:
    editor.open(role).is_ready()
    editor.page.keyboard.press("ArrowRight")

    assert complaints(editor.page, watch) == []


def test_it_can_be_opened_again_at_once(editor: Editor) -> None:
    editor.open("mask").is_ready().rectangle(0, 0, 50, 50)
    editor.page.keyboard.press("Escape")
    editor.page.get_by_role("button", name="Discard").click()

    editor.open("markup").is_ready().drag((50, 50), (100, 100))

    expect(editor.dialog.get_by_text("1 mark")).to_be_visible()
