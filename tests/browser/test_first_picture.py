"""The journey that the product is for: a sentence, a picture, kept."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pictures import begin_afresh
from tests.studio import EMAIL, PASSWORD, RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_somebody_signs_in_writes_a_prompt_and_sees_a_picture(
    chromium: Browser, studio: RunningStudio, page: Page, tmp_path: Path
) -> None:
    page.context.clear_cookies()
    page.goto("/")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Prompt")).to_be_visible()
    begin_afresh(page)

    page.get_by_label("Prompt").fill("An otter with a pearl")
    page.get_by_role("button", name="Generate").click()

    card = page.locator("article", has_text="An otter with a pearl").first
    expect(card).to_have_attribute("data-state", "succeeded", timeout=20_000)
    picture = card.get_by_role("img", name=re.compile("^An otter with a pearl"))
    expect(picture).to_be_visible()
    picture.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download original").click()
    assert download.value.suggested_filename == "an-otter-with-a-pearl-1.png"
    page.goto("/history/")
    expect(page.get_by_role("img", name=re.compile("^An otter with a pearl")).first).to_be_visible()
