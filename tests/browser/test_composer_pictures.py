"""Pictures that go along: every way in, in order, out again, and what is refused."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Watch
from tests.browser.pictures import add, begin_afresh, fox, hand_over, kept_with, names, tiles
from tests.browser.test_every_page import complaints
from tests.decoding.made import animated
from tests.studio import RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(autouse=True)
def open_studio(page: Page) -> None:
    begin_afresh(page)


def test_a_picture_is_uploaded_at_once_and_chooses_edit(page: Page) -> None:
    add(page, fox(1))

    expect(tiles(page)).to_have_count(1)
    expect(page.locator("#operation-edit")).to_be_checked()
    expect(page.get_by_role("button", name="Edit this picture", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Paint mask")).to_be_enabled()


def test_sixteen_pictures_fit_and_the_seventeenth_is_refused_with_the_reason(page: Page) -> None:
    add(page, *(fox(number) for number in range(17)))

    expect(tiles(page)).to_have_count(16)
    refused = page.locator(".reference--failed")
    expect(refused).to_contain_text("fox-16.png was not added: GPT Image 2.6 Flare takes up to 16")
    expect(page.get_by_text("16 of 16")).to_be_visible()

    tiles(page).first.get_by_role("button", name="Remove").click()
    refused.get_by_role("button", name="Try again").click()

    expect(refused).to_have_count(0)
    expect(tiles(page)).to_have_count(16)
    assert names(page)[-1] == "fox-16.png"


@pytest.mark.parametrize("target", ["body", "#prompt"])
def test_a_pasted_picture_is_added(target: str, page: Page) -> None:
    hand_over(page.locator(target), "paste", fox(2))

    expect(tiles(page)).to_have_count(1)


def test_a_field_keeps_what_is_pasted_into_it(page: Page) -> None:
    page.locator("#presets-summary").click()

    was_left_alone = hand_over(page.locator("#preset_name"), "paste", fox(3))

    assert was_left_alone
    assert tiles(page).count() == 0


def test_the_whole_composer_takes_what_is_dropped(page: Page) -> None:
    composer = page.locator("studio-composer")
    hand_over(page.locator("#model"), "dragover", fox(4))
    expect(composer).to_have_attribute("data-drop", "over")

    hand_over(page.locator("#model"), "drop", fox(4), fox(5))

    expect(tiles(page)).to_have_count(2)
    expect(composer).not_to_have_attribute("data-drop", "over")


def test_a_file_dropped_beside_the_composer_does_not_leave_the_page(page: Page) -> None:
    assert hand_over(page.locator("#stream"), "drop", fox(4)) is False

    assert tiles(page).count() == 0


def test_a_picture_of_the_history_is_dragged_in(page: Page) -> None:
    page.get_by_label("Prompt").fill("A fox to be dragged")
    page.get_by_role("button", name="Generate").click()
    link = page.locator("article", has_text="A fox to be dragged").locator(".slot__link").first
    expect(link).to_be_visible(timeout=30_000)
    address = link.evaluate("link => link.href")

    hand_over(page.locator("#prompt"), "drop", text=address)

    expect(tiles(page)).to_have_count(1)
    expect(tiles(page)).to_have_attribute("data-name", "A fox to be dragged.png")


def test_keys_put_pictures_in_order_and_say_so(page: Page) -> None:
    add(page, fox(1), fox(2), fox(3))
    expect(tiles(page)).to_have_count(3)
    first, _, last = names(page)

    tiles(page).first.get_by_role("button", name="later").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")

    assert (names(page)[-2:], names(page)[0] != first) == ([last, first], True)
    expect(page.locator("studio-notices")).to_contain_text(f"{first} is picture 3 of 3.")
    page.keyboard.press("Delete")
    expect(tiles(page)).to_have_count(2)
    expect(tiles(page).last.get_by_role("button", name="Remove")).to_be_focused()


def test_the_order_is_kept_on_the_server(page: Page) -> None:
    add(page, fox(1), fox(2))
    expect(tiles(page)).to_have_count(2)
    before = names(page)
    ids = [tile.get_attribute("data-upload") or "" for tile in tiles(page).all()]

    with page.expect_response(kept_with(*ids[::-1])):
        tiles(page).last.get_by_role("button", name="earlier").click()
    page.reload()

    assert names(page) == before[::-1]


def test_a_file_that_is_no_picture_is_refused_before_it_is_sent(page: Page) -> None:
    uploads: list[str] = []
    page.on("request", lambda request: uploads.append(request.url))

    add(page, {"name": "notes.png", "mimeType": "image/png", "buffer": b"plain words"})

    expect(page.locator(".reference--failed")).to_contain_text(
        "notes.png is no picture that can be read. Use one of PNG, JPEG, WebP."
    )
    assert not [url for url in uploads if url.endswith("/uploads/")]


def test_what_the_server_refuses_is_told_in_its_words(page: Page) -> None:
    add(page, {"name": "cut.png", "mimeType": "image/png", "buffer": fox(1)["buffer"][:60]})

    expect(page.locator(".reference--failed")).to_contain_text("cut.png:")


def test_a_picture_that_the_browser_cannot_read_is_called_by_its_name(page: Page) -> None:
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    add(page, {"name": "odd.img", "mimeType": "image/heic", "buffer": head + bytes(64)})

    expect(page.locator(".reference--failed")).to_contain_text(
        "odd.img: this browser cannot read this HEIC."
    )


@pytest.mark.parametrize(
    ("frames", "words"), [(1, ""), (3, "moving.avif: it is animated (3 frames)")]
)
def test_field_u21_an_avif_is_made_ready_by_the_studio(frames: int, words: str, page: Page) -> None:
    data = animated("AVIF", frames)
    add(page, {"name": "moving.avif", "mimeType": "image/avif", "buffer": data})

    if words:
        expect(page.locator(".reference--failed")).to_contain_text(words)
    else:
        expect(tiles(page)).to_have_count(1)


def test_a_film_is_no_picture(page: Page) -> None:
    head = b"\0\0\0\x18ftypisom\0\0\0\0isommp42"
    add(page, {"name": "fox.mp4", "mimeType": "video/mp4", "buffer": head + bytes(64)})

    expect(page.locator(".reference--failed")).to_contain_text("fox.mp4 is no picture")


def test_a_token_that_is_no_longer_good_is_renewed(page: Page) -> None:
    page.context.clear_cookies(name="csrftoken")

    add(page, fox(14))

    expect(tiles(page)).to_have_count(1)
    page.get_by_label("Prompt").fill("A fox with a new token")
    page.keyboard.press("Control+Enter")
    expect(page.locator("article", has_text="A fox with a new token")).to_have_count(1)


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, "you may not add pictures here"), (429, "that was a little fast.")],
)
def test_a_picture_that_may_not_come_in_now_is_kept(status: int, words: str, page: Page) -> None:
    page.route("**/uploads/", lambda route: route.fulfill(status=status, body="no"))
    add(page, fox(15))
    failed = page.locator(".reference--failed")
    expect(failed).to_contain_text(f"fox-15.png: {words}")
    page.unroute("**/uploads/")

    failed.get_by_role("button", name="Try again").click()

    expect(tiles(page)).to_have_count(1)


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_sent_while_a_picture_has_failed(width: int, page: Page) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.route("**/uploads/", lambda route: route.abort())
    add(page, fox(4))
    advice = page.locator("#composer-advice")
    expect(advice).to_be_visible()
    expect(advice).to_have_text("Try again or remove fox-4.png first.")
    prompt = f"A fox without its picture at {width}"
    page.get_by_label("Prompt").fill(prompt)

    page.locator("#send").click()

    retry = page.locator(".reference--failed").get_by_role("button", name="Try again")
    expect(retry).to_be_focused()
    expect(page.locator("article", has_text=prompt)).to_have_count(0)
    page.unroute("**/uploads/")
    retry.click()
    expect(tiles(page)).to_have_count(1)
    expect(advice).to_be_hidden()
    page.locator("#send").click()
    expect(page.locator("article", has_text=prompt)).to_have_count(1)


def test_a_request_without_pictures_does_not_wait_for_them(page: Page) -> None:
    add(page, {"name": "no.png", "mimeType": "image/png", "buffer": b"words"})
    expect(page.locator("#composer-advice")).to_have_text("Remove no.png first.")

    page.locator("label:has(#operation-generate)").click()

    expect(page.locator("#composer-advice")).to_be_hidden()
    page.get_by_label("Prompt").fill("A fox that needs no picture")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("article", has_text="A fox that needs no picture")).to_have_count(1)


def test_a_lost_connection_keeps_the_file_and_tries_again(page: Page) -> None:
    page.route("**/uploads/", lambda route: route.abort())
    add(page, fox(6))
    failed = page.locator(".reference--failed")
    expect(failed).to_contain_text("fox-6.png: no connection. It is kept here.")
    page.unroute("**/uploads/")

    failed.get_by_role("button", name="Try again").click()

    expect(tiles(page)).to_have_count(1)


def test_nothing_is_sent_while_a_picture_is_on_its_way(page: Page) -> None:
    page.route("**/uploads/", lambda route: None)
    add(page, fox(7))
    expect(page.get_by_role("progressbar", name="Uploading fox-7.png")).to_be_visible()

    page.get_by_label("Prompt").fill("A fox in a hurry")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("A picture is still on its way.").first).to_be_visible()
    page.unroute("**/uploads/")
    expect(tiles(page)).to_have_count(1)
    expect(page.locator("article", has_text="A fox in a hurry")).to_have_count(0)


def test_an_upload_can_be_cancelled(page: Page) -> None:
    page.route("**/uploads/", lambda route: None)
    add(page, fox(8))

    page.get_by_role("button", name="Remove fox-8.png").click()

    expect(page.locator(".reference")).to_have_count(0)
    expect(page.locator("#files")).to_be_focused()


def test_a_picture_taken_out_while_it_is_converted_is_not_sent(page: Page) -> None:
    page.evaluate(
        """() => {
            const convert = window.createImageBitmap;
            const ready = new Promise((go) => (window.goOn = go));
            window.createImageBitmap = async () => (await ready, convert(new ImageData(8, 8)));
        }"""
    )
    uploads: list[str] = []
    page.on("request", lambda request: uploads.append(request.url))
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    add(page, {"name": "phone.heic", "mimeType": "image/heic", "buffer": head + bytes(64)})
    page.get_by_role("button", name="Remove phone.heic").click()

    page.evaluate("window.goOn()")

    add(page, fox(16))
    expect(tiles(page)).to_have_count(1)
    assert len([url for url in uploads if url.endswith("/uploads/")]) == 1
    expect(page.locator("studio-notices")).not_to_contain_text("phone")


def test_an_edit_is_made_of_its_picture(page: Page) -> None:
    add(page, fox(9, 320, 240))
    expect(tiles(page)).to_have_count(1)
    page.get_by_label("Prompt").fill("Put the fox on a bench")

    page.get_by_role("button", name="Edit this picture", exact=True).click()

    card = page.locator("article", has_text="Put the fox on a bench")
    expect(card.locator("img.slot__picture")).to_be_visible(timeout=30_000)
    expect(tiles(page)).to_have_count(1)


def test_an_edit_of_nothing_says_what_is_missing(page: Page) -> None:
    page.locator("label:has(#operation-edit)").click()
    page.locator("#send").click()

    expect(page.get_by_role("alert").first).to_contain_text("Add the picture that is to be edited.")


def test_a_variation_takes_one_picture(page: Page) -> None:
    page.locator("label:has(#operation-vary)").click()
    # The button knows at once; how many pictures fit, the server tells.
    expect(page.get_by_label("Prompt")).to_have_attribute("placeholder", re.compile("may differ"))

    add(page, fox(10), fox(11))

    expect(tiles(page)).to_have_count(1)
    expect(page.locator(".reference--failed")).to_contain_text("a variation is made of 1 picture.")


def test_what_was_painted_goes_with_its_picture(page: Page) -> None:
    add(page, fox(1), fox(2))
    expect(tiles(page)).to_have_count(2)
    page.evaluate(
        """(id) => document.dispatchEvent(new CustomEvent("studio:layer-ready", {detail: {
            role: "mask", upload: id, html: `<li class="reference reference--layer"
            data-upload="${id}" data-role="mask">
            <input type="hidden" name="mask" value="${id}"></li>`}}))""",
        tiles(page).first.get_attribute("data-upload"),
    )
    expect(page.get_by_label("Keep outside pixels")).to_be_checked()

    tiles(page).first.get_by_role("button", name="later").click()

    expect(page.locator("#reference-layer [data-upload]")).to_have_count(0)
    expect(page.get_by_text("The mask is gone")).to_be_visible()
    expect(page.get_by_label("Keep outside pixels")).to_have_count(0)


def test_another_device_finds_the_draft(
    page: Page, chromium: Browser, studio: RunningStudio, signed_in: str
) -> None:
    add(page, fox(12))
    expect(tiles(page)).to_have_count(1)
    page.locator("label:has(#quality-high)").click()
    with page.expect_response(kept_with("A fox for two devices")):
        page.get_by_label("Prompt").fill("A fox for two devices")

    other = chromium.new_context(base_url=studio.base_url, storage_state=signed_in).new_page()
    other.goto("/")

    expect(other.get_by_label("Prompt")).to_have_value("A fox for two devices")
    expect(other.locator("#quality-high")).to_be_checked()
    assert names(other) == ["fox-12.png"]
    other.context.close()


def test_painting_opens_the_editor_over_the_first_picture(page: Page) -> None:
    add(page, fox(1), fox(2))
    expect(tiles(page)).to_have_count(2)
    page.evaluate(
        "document.addEventListener('studio:edit-layer', (e) => (window.asked = e.detail))"
    )

    page.get_by_role("button", name="Paint mask").click()

    asked = page.evaluate("window.asked")
    assert asked["upload"] == tiles(page).first.get_attribute("data-upload")
    assert (asked["role"], asked["width"], asked["layerUrl"]) == ("mask", 96, "")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_composer_full_of_everything_is_well_made(page: Page, watch: Watch) -> None:
    add(page, fox(1), fox(2), {"name": "no.png", "mimeType": "image/png", "buffer": b"words"})
    expect(tiles(page)).to_have_count(2)
    page.locator("#more-summary").click()
    page.locator("#presets-summary").click()
    page.locator("#estimate-amount").click()

    assert complaints(page, watch) == []
