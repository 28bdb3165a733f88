"""A real Chromium opens what the gate lets through: nothing runs, nothing is fetched."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, Request, sync_playwright

from jobs.services.pictures import intake
from tests.decoding import svgs

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def what_happens(page: Page, drawing: Path) -> list[str]:
    """Open a drawing as a page of its own, where it may do the most."""
    happened: list[str] = []

    def note_request(request: Request) -> None:
        if request.url != drawing.as_uri() and not request.url.startswith("data:image/png"):
            happened.append(request.url)

    def note_dialog(dialog: Dialog) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    page.on("request", note_request)
    page.on("dialog", note_dialog)
    page.goto(drawing.as_uri())
    page.mouse.click(20, 20)
    page.wait_for_timeout(50)
    page.remove_listener("request", note_request)
    page.remove_listener("dialog", note_dialog)
    return happened


def test_untreated_drawings_act(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "drawing.svg"
    happened = []
    for name in ("script", "onload", "external picture", "style sheet by instruction"):
        path.write_bytes(svgs.UNSAFE[name][0])
        happened.append(bool(what_happens(page, path)))

    assert all(happened)


def test_cleaned_drawings_do_nothing(page: Page, tmp_path: Path) -> None:
    acting = []
    for name, (data, _) in svgs.UNSAFE.items():
        (tmp_path / "a").write_bytes(data)
        copy = tmp_path / "copy.svg"
        intake.save_drawing(tmp_path / "a", copy)
        if happened := what_happens(page, copy):
            acting.append((name, happened))

    assert acting == []


def test_good_drawings_do_nothing(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "drawing.svg"
    acting = []
    for name, data in svgs.GOOD.items():
        path.write_bytes(data)
        intake.inspect(path)
        if happened := what_happens(page, path):
            acting.append((name, happened))

    assert acting == []
