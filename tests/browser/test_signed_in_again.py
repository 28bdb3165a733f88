"""Signed out and in again in another tab: the page that stayed open goes on as if nothing was."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.pictures import begin_afresh
from tests.browser.test_composer import choose
from tests.browser.test_live import generate
from tests.studio import EMAIL, PASSWORD, RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def own(chromium: Browser, studio: RunningStudio) -> Iterator[BrowserContext]:
    """A session of its own, which ends here and nowhere else."""
    context = chromium.new_context(
        base_url=studio.base_url,
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
    )
    yield context
    context.close()


@pytest.fixture
def tab(own: BrowserContext) -> Page:
    page = own.new_page()
    sign_in(page)
    begin_afresh(page)
    return page


def sign_in(page: Page, email: str = EMAIL) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def change_settings(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt").fill(prompt)
    choose(page, "size", "1536x1024")
    page.locator("#n").fill("3")
    choose(page, "visibility", "team")


def end_and_begin_session(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")
    page.wait_for_timeout(200)
    other = page.context.new_page()
    sign_in(other)
    other.close()


def test_field_u07_it_sends_the_order_with_all_its_settings(
    tab: Page, studio: RunningStudio
) -> None:
    tab.context.clear_cookies(name="sessionid")
    change_settings(tab, "A fox of two sessions")
    end_and_begin_session(tab)

    tab.get_by_role("button", name="Generate").click()

    expect(tab.locator("article", has_text="A fox of two sessions")).to_have_count(1)
    [[size, count, visibility]] = studio.rows(
        "SELECT request->>'size', n, visibility FROM jobs_job"
        " WHERE prompt = 'A fox of two sessions'"
    )
    assert (size, count, visibility) == ("1536x1024", 3, "team")


def test_field_u07_it_keeps_the_settings_over_a_reload(tab: Page) -> None:
    tab.context.clear_cookies(name="sessionid")
    change_settings(tab, "A fox kept with its settings")
    expect(tab.get_by_text("You are signed out.")).to_be_visible(timeout=10_000)
    # Before the session begins: the page may find out by itself as soon as it has.
    with tab.expect_response(lambda response: response.url.endswith("/composer/") and response.ok):
        end_and_begin_session(tab)
        tab.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(tab.get_by_text("You are signed out.")).to_have_count(0)

    tab.reload()

    values = [
        tab.evaluate("(name) => new FormData(document.querySelector('#composer')).get(name)", name)
        for name in ("prompt", "size", "n", "visibility")
    ]
    assert values == ["A fox kept with its settings", "1536x1024", "3", "team"]


def test_field_u07_the_buttons_of_a_card_go_on_too(tab: Page) -> None:
    tab.get_by_label("Prompt").fill("A fox cancelled in the next session [slow:30]")
    tab.keyboard.press("Control+Enter")
    card = tab.locator("article", has_text="cancelled in the next session")
    expect(card).to_have_attribute("data-state", "running", timeout=10_000)
    end_and_begin_session(tab)

    card.get_by_role("button", name="Cancel").click()

    expect(card).to_have_attribute("data-state", "cancelled")


@pytest.fixture(scope="module")
def other(studio: RunningStudio) -> str:
    """Another member of the team, who uses the same browser."""
    studio.command("adduser", "eve@redwood.example", typed=PASSWORD)
    studio.rows("UPDATE account_emailaddress SET verified = true RETURNING 1")
    return "eve@redwood.example"


def let_in(page: Page, email: str) -> None:
    """Sign in as this one in another tab."""
    page.context.clear_cookies(name="sessionid")
    other = page.context.new_page()
    sign_in(other, email)
    generate(other, "A fox that is only Eve's")
    other.close()


def test_field_u07_it_shows_nothing_of_somebody_else(tab: Page, other: str) -> None:
    let_in(tab, other)

    expect(tab.get_by_text("Somebody else is signed in")).to_be_visible(timeout=10_000)
    expect(tab.locator("article", has_text="only Eve's")).to_have_count(0)
    tab.get_by_role("link", name="Reload it").click()
    expect(tab.locator("article", has_text="only Eve's").first).to_be_visible()


def test_field_u07_it_sends_nothing_for_somebody_else(
    tab: Page, other: str, studio: RunningStudio
) -> None:
    tab.get_by_label("Prompt").fill("A fox of the one before")
    let_in(tab, other)

    with tab.expect_response("**/jobs/") as sent:
        tab.keyboard.press("Control+Enter")

    assert sent.value.status == 409
    expect(tab.get_by_text("Somebody else is signed in")).to_have_count(1)
    assert not studio.rows("SELECT 1 FROM jobs_job WHERE prompt = 'A fox of the one before'")
