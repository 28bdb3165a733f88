"""Writing, choosing and sending, with the script that helps."""

import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.pictures import add, begin_afresh, fox, tiles

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(autouse=True)
def open_studio(page: Page) -> None:
    begin_afresh(page)


def choose(page: Page, group: str, value: str) -> None:
    page.locator(f"label:has([id='{group}-{value}'])").click()


def test_control_and_enter_send(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox sent by keys")

    page.keyboard.press("Control+Enter")

    expect(page.locator("article", has_text="A fox sent by keys")).to_have_count(1)
    expect(page.get_by_label("Prompt")).to_have_value("A fox sent by keys")


def test_a_double_click_is_one_job(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox from a double click")

    page.get_by_role("button", name="Generate").dblclick()

    expect(page.locator("article", has_text="A fox from a double click").first).to_be_visible()
    page.reload()
    expect(page.locator("article", has_text="A fox from a double click")).to_have_count(1)


def test_sending_again_is_another_job(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox sent twice")
    cards = page.locator("article", has_text="A fox sent twice")

    page.get_by_role("button", name="Generate").click()
    expect(cards).to_have_count(1)
    page.wait_for_timeout(1100)  # Sooner it would be the same order.
    page.get_by_role("button", name="Generate").click()

    expect(cards).to_have_count(2)


def test_the_model_closes_what_it_cannot_do_and_says_why(page: Page) -> None:
    page.get_by_label("Model").select_option("gpt-image-2")

    expect(page.locator("#quality-max")).to_be_disabled()
    expect(page.get_by_text("GPT Image 2 has no quality xhigh and max.")).to_be_visible()


def test_an_impossible_choice_is_put_back_and_said(page: Page) -> None:
    choose(page, "background", "transparent")
    choose(page, "output_format", "jpeg")

    said = page.get_by_text("Background is Auto now, not Transparent: jpeg holds no transparency.")
    expect(said).to_be_visible()
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
    page.get_by_label("Width in pixels").fill("4000")
    page.get_by_label("Height in pixels").fill("1000")

    page.get_by_role("button", name="Generate").click()

    expect(page.get_by_role("alert").first).to_contain_text("Try 3456x1152.")
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


def test_a_page_made_before_the_draft_came_loses_no_word(page: Page) -> None:
    """The words reach the server while the next page, which lacks them, is on its way."""

    def delay(route: Route) -> None:
        response = route.fetch()
        time.sleep(1.5)  # The old page saves its words after 0.7 s.
        route.fulfill(response=response)

    page.get_by_label("Prompt").fill("A fox that was overtaken")
    page.route(page.url, delay)

    page.reload()

    expect(page.get_by_label("Prompt")).to_have_value("A fox that was overtaken")


def test_signing_out_leaves_no_draft_behind(page: Page) -> None:
    page.route("**/composer/", lambda route: route.abort())  # The server has not got it yet.
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


def test_a_free_size_snaps_and_says_its_area_and_its_rule(page: Page) -> None:
    choose(page, "size", "custom")
    page.get_by_label("Width in pixels").fill("1603")
    page.get_by_label("Height in pixels").fill("401")
    page.get_by_label("Height in pixels").blur()

    expect(page.get_by_label("Width in pixels")).to_have_value("1600")
    expect(page.get_by_label("Height in pixels")).to_have_value("400")
    expect(page.get_by_text("0.64 megapixels")).to_be_visible()
    expect(page.locator("#size-help")).to_contain_text("takes shapes up to 3:1; 1600x400 is longer")

    page.get_by_role("button", name="Use ").click()

    expect(page.locator("#size-help")).to_have_count(0)
    expect(page.locator("#estimate")).to_contain_text("$")


def test_a_choice_that_was_put_back_comes_again_by_undo(page: Page) -> None:
    with page.expect_response("**/composer/"):  # The only one: nothing else was touched before.
        choose(page, "quality", "max")
    page.get_by_label("Model").select_option("gpt-image-2")
    expect(page.get_by_text("Quality is Auto now, not Maximum")).to_be_visible()

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_label("Model")).to_have_value("gpt-image-2.6-flare")
    expect(page.locator("#quality-max")).to_be_checked()


def test_the_estimate_says_what_it_is_made_of(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox that is counted")
    page.locator("#estimate-amount").click()

    expect(page.get_by_role("row", name="New pictures")).to_be_visible()
    expect(page.locator("#estimate")).to_contain_text("price table of 29 November 2026")


def test_rare_settings_open_and_stay_open(page: Page) -> None:
    page.locator("#more-summary").click()
    expect(page.get_by_label("Compression")).to_be_disabled()
    choose(page, "output_format", "webp")

    expect(page.get_by_label("Compression")).to_be_enabled()
    page.get_by_label("Compression").fill("40")

    expect(page.locator("#more-summary")).to_contain_text("1 changed")


def test_a_preset_is_kept_used_changed_and_thrown_away(page: Page) -> None:
    page.locator("#presets-summary").click()
    choose(page, "quality", "low")
    page.get_by_label("Keep these settings under a name").fill("Quick look")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved as “Quick look”.")).to_be_visible()

    choose(page, "quality", "high")
    expect(page.locator("#presets-summary")).to_contain_text("Quick look, changed")
    page.get_by_role("button", name="Quick look", exact=True).click()
    expect(page.locator("#quality-low")).to_be_checked()

    page.get_by_role("button", name="Delete the preset Quick look").click()
    expect(page.locator("#presets-summary")).not_to_contain_text("Quick look")
    expect(page.locator("article", has_text="Quick look")).to_have_count(0)


def test_the_up_arrow_brings_back_what_was_asked(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox to be asked again")
    page.keyboard.press("Control+Enter")
    expect(page.locator("article", has_text="A fox to be asked again").first).to_be_visible()
    page.get_by_label("Prompt").fill("")

    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Prompt")).to_have_value("A fox to be asked again")

    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Prompt")).to_have_value("")


@pytest.mark.parametrize("field", ["#n", "#width", "#quality-auto"])
def test_enter_in_a_setting_asks_for_the_price_and_orders_nothing(field: str, page: Page) -> None:
    choose(page, "size", "custom")
    orders: list[str] = []
    page.on("request", lambda request: orders.append(request.url))
    page.get_by_label("Prompt").fill("A fox that is not ordered yet")

    with page.expect_response("**/composer/"):
        page.locator(field).press("Enter")

    assert not [url for url in orders if url.endswith("/jobs/")]


def test_enter_takes_over_what_was_typed_into_a_setting(page: Page) -> None:
    choose(page, "size", "custom")
    page.get_by_label("Width in pixels").fill("1603")

    page.keyboard.press("Enter")

    expect(page.get_by_label("Width in pixels")).to_have_value("1600")
    expect(page.get_by_label("Width in pixels")).to_be_focused()


def test_control_and_enter_send_from_a_setting_too(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox sent from a setting")

    page.locator("#n").press("Control+Enter")

    expect(page.locator("article", has_text="A fox sent from a setting")).to_have_count(1)


def test_the_up_arrow_brings_back_no_title_that_nobody_wrote(page: Page) -> None:
    page.locator("label:has(#operation-vary)").click()
    add(page, fox(13))
    expect(tiles(page)).to_have_count(1)
    page.get_by_role("button", name="Make variation").click()
    expect(page.locator("article", has_text="Variation").first).to_be_visible()

    page.get_by_label("Prompt").press("ArrowUp")

    expect(page.get_by_label("Prompt")).not_to_have_value("Variation")


def test_offline_it_says_so_and_keeps_the_words(page: Page) -> None:
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    page.get_by_label("Prompt").fill("A fox in a tunnel")
    page.keyboard.press("Control+Enter")
    # The strip says the same already: without the toast, sending may not have been tried yet.
    expect(
        page.locator(".toast", has_text="What you write is kept in this browser.")
    ).to_be_visible()

    page.context.set_offline(False)

    expect(page.locator(".strip--floating")).to_have_count(0)
    page.reload()
    expect(page.get_by_label("Prompt")).to_have_value("A fox in a tunnel")


def test_on_a_phone_the_open_sheet_hides_no_strip(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_label("Model")).to_be_visible()

    page.context.set_offline(True)

    strip = page.locator(".strip--floating")
    expect(strip).to_be_visible()
    # What lies at its middle is the strip itself, or its text.
    seen = """strip => {
        const { x, y, width, height } = strip.getBoundingClientRect();
        return strip.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    }"""
    assert strip.evaluate(seen)
    page.context.set_offline(False)


@pytest.mark.parametrize("size", [(390, 844), (844, 390)], ids=["upright", "on its side"])
def test_on_a_phone_the_closed_sheet_leaves_most_of_the_screen(
    size: tuple[int, int], page: Page
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    box = page.locator("#composer").bounding_box()
    assert box
    assert box["height"] < size[1] / 4

    page.get_by_role("button", name="Settings").click()

    expect(page.get_by_label("Model")).to_be_visible()
    box = page.locator("#composer").bounding_box()
    assert box
    assert box["height"] <= size[1]
