"""Writing, choosing and sending, with the script that helps."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(autouse=True)
def open_studio(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Prompt").fill("")


def choose(page: Page, group: str, value: str) -> None:
    page.locator(f"label:has([id='{group}-{value}'])").click()


def test_control_and_enter_send(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox sent by keys")

    page.keyboard.press("Control+Enter")

    expect(page.locator("article", has_text="A fox sent by keys")).to_have_count(1)
    expect(page.get_by_label("Prompt")).to_have_value("A fox sent by keys")


def test_a_double_click_is_one_job(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox clicked twice")

    page.get_by_role("button", name="Generate").dblclick()

    expect(page.locator("article", has_text="A fox clicked twice").first).to_be_visible()
    page.reload()
    expect(page.locator("article", has_text="A fox clicked twice")).to_have_count(1)


def test_sending_again_is_another_job(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox sent twice")
    cards = page.locator("article", has_text="A fox sent twice")

    page.get_by_role("button", name="Generate").click()
    expect(cards).to_have_count(1)
    page.get_by_role("button", name="Generate").click()

    expect(cards).to_have_count(2)


def test_the_model_closes_what_it_cannot_do_and_says_why(page: Page) -> None:
    page.get_by_label("Model").select_option("gpt-image-1.5")

    expect(page.locator("#quality-max")).to_be_disabled()
    expect(page.get_by_text("gpt-image-1.5 has no quality xhigh and max.")).to_be_visible()


def test_an_impossible_choice_is_put_back_and_said(page: Page) -> None:
    choose(page, "background", "transparent")
    choose(page, "output_format", "jpeg")

    expect(page.get_by_text("Changed to auto: jpeg holds no transparency.")).to_be_visible()
    expect(page.locator("#background-auto")).to_be_checked()


def test_the_estimate_follows_the_choices(page: Page) -> None:
    choose(page, "size", "1024x1024")
    choose(page, "quality", "high")
    page.get_by_role("button", name="One more").click()

    expect(page.locator("#estimate")).to_contain_text("about $0.105")
    expect(page.locator("#estimate")).to_contain_text("2 pictures")


def test_what_is_typed_while_an_answer_is_on_its_way_stays(page: Page) -> None:
    choose(page, "size", "custom")
    page.get_by_label("Width in pixels").press_sequentially("1600", delay=60)
    page.keyboard.press("Tab")
    page.get_by_label("Height in pixels").press_sequentially("1200", delay=60)
    page.wait_for_timeout(1200)

    expect(page.get_by_label("Width in pixels")).to_have_value("1600")
    expect(page.get_by_label("Height in pixels")).to_have_value("1200")
    expect(page.get_by_label("Height in pixels")).to_be_focused()


def test_choices_in_quick_succession_all_count(page: Page) -> None:
    for group, value in (("size", "1536x1024"), ("quality", "low"), ("visibility", "team")):
        choose(page, group, value)
    page.wait_for_timeout(1200)

    for group, value in (("size", "1536x1024"), ("quality", "low"), ("visibility", "team")):
        expect(page.locator(f"[id='{group}-{value}']")).to_be_checked()


def test_a_mistake_gets_the_focus_and_keeps_the_draft(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox of an odd size")
    choose(page, "size", "custom")
    page.get_by_label("Width in pixels").fill("1000")
    page.get_by_label("Height in pixels").fill("1000")

    page.get_by_role("button", name="Generate").click()

    expect(page.get_by_role("alert").first).to_contain_text("Try 1008x1008.")
    expect(page.get_by_label("Width in pixels")).to_be_focused()
    expect(page.get_by_label("Prompt")).to_have_value("A fox of an odd size")


def test_an_empty_prompt_gets_the_focus(page: Page) -> None:
    page.get_by_role("button", name="Generate").click()

    expect(page.get_by_role("alert").first).to_contain_text("Write what you want to see.")
    expect(page.get_by_label("Prompt")).to_be_focused()


def test_a_reload_loses_no_draft(page: Page) -> None:
    page.get_by_label("Prompt").press_sequentially("A fox half writ")

    page.reload()

    expect(page.get_by_label("Prompt")).to_have_value("A fox half writ")


def test_signing_out_leaves_no_draft_behind(page: Page) -> None:
    page.get_by_label("Prompt").press_sequentially("A fox for nobody else")
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('draft-')).length"
    assert page.evaluate(kept) == 1

    # The page's own form, but not sent: the session is shared with the other tests.
    page.route("**/accounts/logout/", lambda route: route.fulfill(body="bye"))
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/logout/")

    page.goto("/")
    assert page.evaluate(kept) == 0


def test_the_count_appears_near_the_limit(page: Page) -> None:
    count = page.locator("[data-prompt-count]")
    page.get_by_label("Prompt").fill("x" * 100)
    expect(count).to_be_hidden()

    page.get_by_label("Prompt").fill("x" * 31_000)

    expect(count).to_have_text("31,000 of 32,000 characters")


def test_n_goes_to_the_prompt_but_not_out_of_a_field(page: Page) -> None:
    page.locator("h1").click()
    page.keyboard.press("n")
    expect(page.get_by_label("Prompt")).to_be_focused()

    page.keyboard.press("n")

    expect(page.get_by_label("Prompt")).to_have_value("n")
