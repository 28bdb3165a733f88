"""Light, dark, or as the system has it."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]

SCHEME = "getComputedStyle(document.documentElement).colorScheme"


def choose(page: Page, theme: str) -> None:
    page.get_by_role("button", name="Your account").click()
    page.locator("theme-switch label", has_text=theme).click()


def test_a_chosen_theme_is_kept_and_there_from_the_first_paint(page: Page) -> None:
    page.goto("/")
    choose(page, "Dark")
    assert page.evaluate(SCHEME) == "dark"

    page.goto("/history/")

    assert page.evaluate(SCHEME) == "dark"
    page.get_by_role("button", name="Your account").click()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()


def test_the_system_has_it_back(page: Page) -> None:
    page.goto("/")
    choose(page, "Light")
    page.keyboard.press("Escape")

    choose(page, "System")

    assert page.evaluate(SCHEME) == "light dark"
