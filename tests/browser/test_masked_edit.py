"""From a picture to an edit of a part of it, and what was seen on the way, by hand in Chromium."""

import io
import re

import pytest
from PIL import Image as Pillow
from PIL import ImageChops
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.browser.editing import Editor
from tests.browser.pictures import add, begin_afresh, fox, names, tiles

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SIDE = 512
HOLE = (128, 96, 384, 352)


def harbour() -> bytes:
    """A picture with no two areas alike, so that a single changed pixel shows."""
    waves = [Pillow.effect_noise((SIDE, SIDE), strength) for strength in (30, 60, 90)]
    buffer = io.BytesIO()
    Pillow.merge("RGB", waves).save(buffer, "PNG")
    return buffer.getvalue()


def newest(page: Page) -> Locator:
    return page.locator("article[data-state]").first


def bring(page: Page, picture: bytes) -> None:
    begin_afresh(page)
    upload = FilePayload(name="harbour.png", mimeType="image/png", buffer=picture)
    page.locator("#files").set_input_files(upload)
    expect(page.locator("#references [data-upload]")).to_have_count(1)


def paint(page: Page) -> None:
    page.get_by_role("button", name="Paint mask").click()
    editor = Editor(page, {}).is_ready()
    left, top, right, bottom = HOLE
    editor.rectangle(left, top, right - left, bottom - top)
    editor.press("Use mask")
    expect(page.locator("#reference-layer [data-upload]")).to_have_count(1)


def send(page: Page, prompt: str) -> None:
    page.locator("#prompt").fill(prompt)
    page.locator("#composer-send button").click()
    expect(newest(page)).to_contain_text(prompt)


def picture_at(page: Page, address: str) -> Pillow.Image:
    response = page.request.get(address)
    assert response.ok
    return Pillow.open(io.BytesIO(response.body())).convert("RGB")


def changed(one: Pillow.Image, other: Pillow.Image) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(one, other).getbbox()


def test_a_painted_mask_keeps_every_pixel_outside_of_it(page: Page) -> None:
    original = harbour()
    bring(page, original)
    paint(page)
    send(page, "a red lighthouse on the rocks")

    card = newest(page)
    expect(card).to_have_attribute("data-state", "succeeded", timeout=30_000)
    image = re.search(r"/images/[0-9a-f-]+/", card.locator(".slot a").get_attribute("href") or "")
    assert image
    # The composite is made when the answer is out already.
    page.goto(image[0])
    composite = page.get_by_text("As the model made it")
    for _ in range(20):
        if composite.is_visible():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(composite).to_be_visible()
    before = Pillow.open(io.BytesIO(original)).convert("RGB")
    kept, raw = (picture_at(page, f"{image[0]}{variant}") for variant in ("shown", "original"))
    box = changed(before, kept)
    assert kept.size == before.size
    assert box
    assert box[0] >= HOLE[0]
    assert box[1] >= HOLE[1]
    assert box[2] <= HOLE[2]
    assert box[3] <= HOLE[3]
    assert changed(raw.resize(kept.size), kept)


def test_a_mask_never_lands_on_another_picture(page: Page) -> None:
    begin_afresh(page)
    held: list[Route] = []
    page.route("**/uploads/", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/uploads/"):
        add(page, fox(1, SIDE, SIDE))
    add(page, fox(2, SIDE, SIDE))
    expect(tiles(page)).to_have_count(1)
    page.get_by_role("button", name="Paint mask").click()
    editor = Editor(page, {}).is_ready()
    editor.rectangle(0, 0, 64, 64)

    held[0].continue_()
    expect(tiles(page)).to_have_count(2)
    editor.press("Use mask")

    left_out = "The mask was painted for another picture and was left out."
    expect(page.get_by_text(left_out)).to_be_visible()
    expect(editor.dialog).to_be_hidden()
    assert names(page) == ["fox-1.png", "fox-2.png"]
    expect(page.locator("#reference-layer [data-upload]")).to_have_count(0)


def test_a_partial_preview_is_seen_before_the_picture(page: Page) -> None:
    page.goto("/")
    page.locator("#composer-more > summary").click()
    page.locator('[name="partial_images"][value="2"]').check()
    send(page, "a glass teapot [slow:6]")

    preview = newest(page).locator(".slot__preview")
    expect(preview).to_be_visible(timeout=20_000)
    assert preview.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }")
    expect(newest(page)).to_have_attribute("data-state", "succeeded", timeout=30_000)
    expect(newest(page).locator(".slot__preview")).to_have_count(0)
    expect(newest(page).locator(".slot__picture")).to_be_visible()


def test_the_editor_opens_though_its_script_did_not_come_at_first(page: Page) -> None:
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.abort()

    page.route("**/layer-editor*.js", lose_the_first)
    with page.expect_event("requestfailed"):
        bring(page, harbour())

    page.get_by_role("button", name="Paint mask").click()

    Editor(page, {}).is_ready()
