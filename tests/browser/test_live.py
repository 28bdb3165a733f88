"""Cards that keep up by themselves, and what the page says when they cannot."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pictures import begin_afresh
from tests.studio import RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]
QUICK_MS = 1000
# Long after the last change: which waits are begun from now on, and when the composer is renewed.
TWO_MINUTES_LATER = """() => {
    const [now, wait] = [Date.now, window.setTimeout];
    Date.now = () => now() + 120_000;
    window.delays = [];
    window.setTimeout = (work, delay_ms) => (window.delays.push(delay_ms), wait(work, delay_ms));
    window.refreshed = new Promise((next) => document.addEventListener(
        "htmx:after:swap", (event) => event.target.matches("studio-composer") && next()));
}"""


def generate(page: Page, prompt: str) -> Locator:
    begin_afresh(page)
    page.locator("label:has([id='size-1536x1024'])").click()
    page.get_by_label("Prompt").fill(prompt)
    page.get_by_role("button", name="Generate").click()
    card = page.locator("article", has_text=prompt).first
    expect(card).to_be_visible()
    return card


def test_a_card_develops_in_its_place_and_is_announced(page: Page) -> None:
    card = generate(page, "A fox in its place")
    box = card.locator(".slot").bounding_box()

    expect(card).to_have_attribute("data-state", "succeeded", timeout=20_000)

    assert box
    after = card.locator(".slot").bounding_box()
    assert after
    assert (after["width"], after["height"]) == (box["width"], box["height"])
    status = page.locator("studio-notices")
    expect(status).to_contain_text("“A fox in its place” is done, 1 picture.")


def test_thumbnails_take_the_place_of_the_original(page: Page) -> None:
    card = generate(page, "A fox in small")

    expect(card.locator("img[srcset]")).to_be_visible(timeout=20_000)


def test_a_refusal_says_so_and_offers_to_edit(page: Page) -> None:
    card = generate(page, "[moderation] a fox")

    expect(card).to_have_attribute("data-state", "failed", timeout=20_000)
    expect(card).to_contain_text("Refused")
    expect(card).to_contain_text("Nothing was spent.")
    card.get_by_role("link", name="Edit the prompt").click()
    expect(page.get_by_label("Prompt")).to_have_value("[moderation] a fox")


def test_an_unknown_outcome_waits_for_a_decision(page: Page) -> None:
    card = generate(page, "[cut] a fox")

    expect(card).to_have_attribute("data-state", "held", timeout=20_000)
    expect(card).to_contain_text("This may have been billed")
    expect(card.get_by_role("button", name="Try again (may cost again")).to_be_visible()
    card.get_by_role("button", name="Close").click()
    expect(card).to_have_attribute("data-state", "cancelled")


def test_fewer_pictures_than_asked_are_said_to_be(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="One more").click()
    page.get_by_label("Prompt").fill("[partial] two foxes")
    page.get_by_role("button", name="Generate").click()
    card = page.locator("article", has_text="[partial] two foxes").first

    expect(card).to_have_attribute("data-state", "succeeded", timeout=20_000)
    expect(card).to_contain_text("Fewer pictures than asked")
    expect(card).to_contain_text("Not delivered")


def test_a_waiting_job_can_be_cancelled(page: Page, studio: RunningStudio) -> None:
    studio.pause("celery")
    try:
        card = generate(page, "A fox that waits")
        expect(card).to_have_attribute("data-state", "queued")

        card.get_by_role("button", name="Cancel").click()

        expect(card).to_have_attribute("data-state", "cancelled")
        expect(card).to_contain_text("Nothing was spent.")
    finally:
        studio.resume("celery")


def test_the_jobs_own_page_goes_on_by_itself(page: Page) -> None:
    card = generate(page, "[slow:2] a fox with a story")
    card.get_by_role("link", name="[slow:2] a fox with a story").click()
    expect(page.get_by_text("Timeline")).to_be_visible()

    expect(page.locator("article")).to_have_attribute("data-state", "succeeded", timeout=20_000)

    expect(page.locator(".timeline__what").last).to_have_text("Done")


def test_a_job_of_another_tab_appears(page: Page) -> None:
    page.goto("/")
    other = page.context.new_page()
    generate(other, "[slow:3] a fox of another tab")

    expect(page.locator("article", has_text="a fox of another tab")).to_be_visible(timeout=10_000)


def test_writing_does_not_make_it_ask_more_often(page: Page) -> None:
    page.goto("/")
    waiting = page.locator('article:is([data-state="queued"], [data-state="running"])')
    expect(waiting).to_have_count(0, timeout=20_000)
    with page.expect_response(lambda answer: answer.status == 304):
        pass
    page.evaluate(TWO_MINUTES_LATER)

    page.get_by_label("Prompt").fill("A fox in no hurry")
    page.evaluate("window.refreshed")

    assert not [delay for delay in page.evaluate("window.delays") if delay == QUICK_MS]


def test_it_says_when_it_has_lost_the_studio_and_finds_it_again(page: Page) -> None:
    page.goto("/")
    page.route("**/jobs/updates*", lambda route: route.abort())
    expect(page.get_by_text("Reconnecting")).to_be_visible(timeout=15_000)

    page.unroute("**/jobs/updates*")

    expect(page.get_by_text("Reconnecting")).to_be_hidden(timeout=15_000)


def test_a_session_that_ended_keeps_the_draft(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Prompt").fill("A fox without a session")
    page.context.clear_cookies()

    page.get_by_role("button", name="Generate").click()

    expect(page.get_by_text("You are signed out.")).to_be_visible()
    expect(page.get_by_role("link", name="Sign in again")).to_have_attribute(
        "href", "/accounts/login/?next=%2F"
    )
    expect(page.get_by_label("Prompt")).to_have_value("A fox without a session")


def test_an_answer_that_failed_is_told_and_the_draft_kept(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Prompt").fill("A fox for a broken studio")
    page.route("**/jobs/", lambda route: route.fulfill(status=503, body="away"))

    page.get_by_role("button", name="Generate").click()

    expect(page.get_by_role("alert")).to_contain_text("The studio did not answer.")
    expect(page.get_by_label("Prompt")).to_have_value("A fox for a broken studio")
