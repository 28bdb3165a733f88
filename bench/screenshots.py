"""Takes the README's picture: `.venv-test/bin/python -m bench.screenshots`.

Starts a studio of its own over the sandbox, makes a few pictures and photographs the page.
"""

import os
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.studio import EMAIL, PASSWORD, RunningStudio, running_studio

TARGET = Path(__file__).parent / "pictures"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PROMPTS = (
    "A quiet mountain lake at first light",
    "Terracotta dunes under a pale sun",
    "Botanical study of a fern, pressed on paper",
    "Slow waves at dusk, seen from above",
)


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    with (
        running_studio(STUDIO_SANDBOX_LATENCY_S="0.2") as studio,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
        _sign_in(page, studio)
        _make_pictures(page)
        page.screenshot(path=TARGET / "studio.png")
        browser.close()


def _sign_in(page: Page, studio: RunningStudio) -> None:
    page.goto(f"{studio.base_url}/accounts/login/")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{studio.base_url}/")


def _make_pictures(page: Page) -> None:
    for number, prompt in enumerate(PROMPTS, start=1):
        page.get_by_label("Prompt", exact=True).fill(prompt)
        page.get_by_role("button", name="Generate", exact=True).click()
        page.locator("article[data-state=succeeded] img").nth(number - 1).wait_for()
    page.get_by_label("Prompt", exact=True).fill("A lighthouse above a sea of clouds")
    page.wait_for_timeout(8000)  # Thumbnails follow, and announcements leave.


if __name__ == "__main__":
    main()
