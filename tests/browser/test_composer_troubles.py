"""What comes between writing and sending: slow answers, failed ones, and work done meanwhile."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.pictures import add, begin_afresh, fox, kept_with, tiles
from tests.browser.test_composer import choose
from tests.studio import RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]
ADJUSTED = "Background is Auto now, not Transparent: jpeg holds no transparency."
UNREACHABLE = "The studio did not answer. Nothing of your draft is lost"


@pytest.fixture(autouse=True)
def open_studio(page: Page) -> None:
    begin_afresh(page)


@pytest.fixture
def sent(page: Page) -> list[Route]:
    """What was sent and gets no answer before the test lets it go on."""
    held: list[Route] = []
    page.route("**/jobs/", lambda route: held.append(route))
    return held


def send(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt").fill(prompt)
    with page.expect_request("**/jobs/"):
        page.keyboard.press("Control+Enter")


def write(page: Page, prompt: str) -> None:
    """Until the server has it."""
    with page.expect_response(kept_with(prompt)) as answer:
        page.get_by_label("Prompt").fill(prompt)
    answer.value.finished()


def adjust(page: Page) -> None:
    choose(page, "background", "transparent")
    # What an undo goes back to is the last state that the server has answered.
    expect(page.locator("[name=settled]")).to_have_value(re.compile("transparent"))
    choose(page, "output_format", "jpeg")
    expect(page.get_by_text(ADJUSTED)).to_be_visible()


def test_what_is_done_while_it_is_being_sent_stays(page: Page, sent: list[Route]) -> None:
    send(page, "A fox on its way")
    page.get_by_label("Prompt").fill("A fox of second thoughts")
    choose(page, "quality", "low")

    with page.expect_response(kept_with("A fox of second thoughts")):
        sent[0].continue_()

    expect(page.locator("article", has_text="A fox on its way")).to_have_count(1)
    expect(page.get_by_label("Prompt")).to_have_value("A fox of second thoughts")
    expect(page.locator("#quality-low")).to_be_checked()
    page.unroute("**/jobs/")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("article", has_text="A fox of second thoughts")).to_have_count(1)


def test_a_picture_added_while_it_is_being_sent_stays(page: Page, sent: list[Route]) -> None:
    send(page, "A fox before its picture")
    add(page, fox(1))
    expect(tiles(page)).to_have_count(1)

    sent[0].continue_()

    expect(page.locator("article", has_text="A fox before its picture")).to_have_count(1)
    expect(tiles(page)).to_have_count(1)
    expect(page.locator("#operation-edit")).to_be_checked()
    expect(page.get_by_role("button", name="Edit this picture", exact=True)).to_be_visible()


def test_what_was_refused_is_said_to_those_who_went_on(page: Page, sent: list[Route]) -> None:
    page.get_by_label("Pictures", exact=True).fill("11")
    send(page, "Eleven foxes")
    page.get_by_label("Prompt").fill("Eleven foxes and a hen")

    sent[0].continue_()

    expect(page.get_by_role("alert").first).to_contain_text(
        "Not sent, nothing was spent. Ask for 1 to 10 images"
    )
    expect(page.get_by_label("Prompt")).to_have_value("Eleven foxes and a hen")


def test_it_can_be_sent_again_after_an_answer_that_failed(page: Page, sent: list[Route]) -> None:
    send(page, "A fox for a studio that comes back")
    page.get_by_label("Prompt").fill("A fox for a studio that is back")
    with page.expect_response(kept_with("A fox for a studio that is back")):
        sent[0].fulfill(status=503, body="away")
    page.unroute("**/jobs/")

    page.keyboard.press("Control+Enter")

    expect(page.locator("article", has_text="A fox for a studio that is back")).to_have_count(1)


def test_notes_of_the_first_page_stay(page: Page, studio: RunningStudio) -> None:
    page.get_by_label("Prompt").fill("A fox of another age")
    page.keyboard.press("Control+Enter")
    expect(page.locator("article", has_text="A fox of another age")).to_have_count(1)
    [[job]] = studio.rows(
        """UPDATE jobs_job SET request = jsonb_set(request, '{model}', '"gpt-image-0"')
            WHERE prompt = 'A fox of another age' RETURNING id"""
    )

    with page.expect_response("**/composer/") as answer:
        page.goto(f"/?from={job}")
    answer.value.finished()
    write(page, "A fox of this age")

    expect(page.get_by_text("not gpt-image-0:")).to_be_visible()


def test_a_note_stays_while_one_writes_and_goes_by_its_button(page: Page) -> None:
    adjust(page)
    write(page, "A fox behind a note")
    expect(page.get_by_text(ADJUSTED)).to_be_visible()

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text(ADJUSTED)).to_have_count(0)
    expect(page.locator("#background-transparent")).to_be_checked()


def test_a_note_goes_with_what_is_sent(page: Page) -> None:
    adjust(page)
    page.get_by_label("Prompt").fill("A fox with a note")

    page.keyboard.press("Control+Enter")

    expect(page.locator("article", has_text="A fox with a note")).to_have_count(1)
    expect(page.get_by_text(ADJUSTED)).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "words"),
    [(503, UNREACHABLE), (429, "That was a little fast."), (403, "or the page is out of date")],
)
def test_a_small_button_that_fails_says_so(status: int, words: str, page: Page) -> None:
    adjust(page)
    page.route("**/composer/", lambda route: route.fulfill(status=status, body="no"))

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("alert")).to_contain_text(words)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def test_a_small_button_without_a_connection_says_so(page: Page) -> None:
    adjust(page)
    page.context.set_offline(True)

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("alert")).to_contain_text("You are offline.")


def test_the_estimate_is_read_out_from_a_place_that_stays(page: Page) -> None:
    region = page.locator("#estimate [aria-live]")
    place = region.element_handle()
    choose(page, "size", "1024x1024")
    choose(page, "quality", "high")
    expect(region).to_contain_text("Estimate: about $")

    page.get_by_role("button", name="One more").click()

    expect(region).to_contain_text("2 pictures")
    assert place
    assert place.evaluate("place => place.isConnected")
