"""Walls and lists in a real browser: as wide as the screen, found again as they were left."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.studio import RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]
ARABIC = "ثعلب أحمر في الثلج العميق."


def fill_history(studio: RunningStudio, words: str, count: int) -> None:
    """Jobs of the past as rows: none of them has to be made."""
    studio.rows(
        "INSERT INTO jobs_job (id, team_id, owner_id, source, visibility, request, operation,"
        " model, prompt, n, provider, idempotency_hash, state, fence, attempt, crash_count,"
        " policy, deadline_at, finished_at, preview_count, keeps_outside, error_code,"
        " error_message, error_param, may_be_billed, price_version)"
        " SELECT uuidv7(make_interval(days => -400, secs => number)), team_id, user_id, 'page',"
        " 'private', %s, 'generate', 'gpt-image-2.6-flare', %s || ' ' || number, 1, 'sandbox',"
        " '', 'cancelled', 1, 1, 0, 'ask', now(), now(), 0, true, '', '', '', false, ''"
        " FROM accounts_membership, generate_series(1, %s) AS number"
        " WHERE role = 'admin' RETURNING id",
        '{"prompt": "x", "model": "gpt-image-2.6-flare", "size": "auto"}',
        words,
        count,
    )


def test_field_u14_back_brings_the_wall_as_it_was_left(page: Page, studio: RunningStudio) -> None:
    fill_history(studio, "wallpaper", 70)
    page.goto("/history/?q=wallpaper")
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".tile")).to_have_count(60)
    tile = page.locator(".tile").nth(50)
    href = str(tile.get_attribute("href"))
    tile.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    tile.click()
    page.wait_for_url(f"**{href}")

    page.go_back()

    expect(page.locator(".tile")).to_have_count(60)
    expect(page.locator(f'.tile[href="{href}"]')).to_be_focused()
    assert abs(page.evaluate("scrollY") - before) < 300
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".tile")).to_have_count(70)


def test_field_u15_older_hands_the_focus_to_the_first_new_tile(
    page: Page, studio: RunningStudio
) -> None:
    fill_history(studio, "focus", 35)
    page.goto("/history/?q=focus")
    page.get_by_role("link", name="Older").focus()

    page.keyboard.press("Enter")

    expect(page.locator(".tile").nth(30)).to_be_focused()
    expect(page.locator("studio-notices")).to_contain_text("5 more")


@pytest.mark.parametrize("path", ["/oversight/?period=all", "/history/", "/", "/keys/", "/team/"])
def test_field_u12_no_page_slides_sideways(path: str, page: Page, studio: RunningStudio) -> None:
    fill_history(studio, "a prompt of some words so that the ledger has a row", 2)
    page.goto(path)
    wide = []
    for width in range(320, 1500, 60):
        page.set_viewport_size({"width": width, "height": 700})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(width)

    assert wide == []


def test_field_u18_words_are_set_in_their_own_direction(page: Page, studio: RunningStudio) -> None:
    fill_history(studio, ARABIC, 1)
    page.goto("/")
    page.get_by_label("Prompt").fill(ARABIC)
    assert page.get_by_label("Prompt").evaluate("e => getComputedStyle(e).direction") == "rtl"
    page.get_by_role("button", name="Generate").click()

    title = page.locator(".card__prompt", has_text=ARABIC).first

    assert title.evaluate("e => getComputedStyle(e).direction") == "rtl"
    for path, place in (
        ("/history/?q=" + ARABIC, ".tile__words"),
        ("/oversight/?period=all", ".table__words a[dir=auto]"),
    ):
        page.goto(path)
        shown = page.locator(place, has_text=ARABIC[:8]).first
        assert shown.evaluate("e => getComputedStyle(e).direction") == "rtl"


@pytest.mark.parametrize("minutes", [-5, 5])
def test_field_u19_a_wrong_clock_makes_no_job_of_the_future(minutes: int, page: Page) -> None:
    page.clock.install(time=datetime.now(UTC) + timedelta(minutes=minutes))
    page.goto("/")
    page.get_by_label("Prompt").fill(f"a clock {minutes} minutes off [slow:4]")
    page.get_by_role("button", name="Generate").click()
    card = page.locator("article", has_text=f"a clock {minutes} minutes off").first

    elapsed = card.locator("elapsed-time")
    expect(elapsed).to_have_text(re.compile(r"^[0-4] s$"))
    expect(card).to_have_attribute("data-state", "succeeded", timeout=30_000)
    expect(card.locator("local-time")).to_have_text("just now")


def test_field_u20_what_another_tab_made_appears_in_its_order(page: Page) -> None:
    page.goto("/")
    other = page.context.new_page()
    other.goto("/")
    for words in ("made elsewhere first [slow:12]", "made elsewhere second"):
        other.get_by_label("Prompt").fill(words)
        other.get_by_role("button", name="Generate").click()
        expect(other.locator("article", has_text=words)).to_be_visible()
    quick = other.locator("article", has_text="made elsewhere second")
    expect(quick).to_have_attribute("data-state", "succeeded", timeout=20_000)

    here = page.locator("article", has_text="made elsewhere")

    expect(here).to_have_count(2, timeout=20_000)
    expect(here.nth(0)).to_contain_text("second")
    expect(here.nth(1)).to_contain_text("first")
