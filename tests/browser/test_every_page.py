"""Each page, wide and narrow, light and dark: nothing that the policy or axe objects to."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.studio import RunningStudio, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = ["studio", "history", "nothing", "team", "job", "held", "picture", "oversight", "password"]
DOORS = ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/", "/no/such/page/"]
SCREENS: list[tuple[int, Literal["light", "dark"]]] = [
    (1440, "light"),
    (1440, "dark"),
    (390, "light"),
    (390, "dark"),
]
# Colours fade over from one scheme to the next.
SETTLED = """
    async () => {
        await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
        await Promise.allSettled(document.getAnimations().map((each) => each.finished));
    }
"""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def addresses(studio: RunningStudio) -> dict[str, str]:
    visitor = studio.visitor().sign_in()
    visitor.generate("A hen for every page", n="2", visibility="team")
    visitor.generate("[cut] a hen for every page")
    visitor.generate("[moderation] a hen for every page")
    wait_for(lambda: studio.rows("SELECT 1 FROM jobs_job WHERE state = 'held'"), 30)
    made = wait_for(
        lambda: studio.rows(
            "SELECT j.id, i.id FROM jobs_job j JOIN jobs_image i ON i.job_id = j.id"
            " WHERE j.prompt = 'A hen for every page' AND j.thumbs_at IS NOT NULL"
        ),
        30,
    )
    held = studio.rows("SELECT id FROM jobs_job WHERE state = 'held'")
    return {
        "studio": "/",
        "history": "/history/",
        "nothing": "/history/?q=zebra&state=failed",
        "team": "/team/",
        "job": f"/jobs/{made[0][0]}/",
        "held": f"/jobs/{held[0][0]}/",
        "picture": f"/images/{made[0][1]}/",
        "oversight": "/oversight/",
        "password": "/accounts/password/change/",
    }


@pytest.mark.parametrize("name", PAGES)
def test_a_members_page(name: str, addresses: dict[str, str], page: Page, watch: Watch) -> None:
    page.goto(addresses[name])

    assert complaints(page, watch) == []


@pytest.mark.parametrize("address", DOORS)
def test_a_page_for_guests(address: str, page: Page, watch: Watch) -> None:
    page.context.clear_cookies()
    page.goto(address)

    assert complaints(page, watch) == []


def test_the_open_account_menu(page: Page, watch: Watch) -> None:
    page.goto("/")
    page.get_by_role("button", name="Your account").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    assert complaints(page, watch) == []


def test_the_composer_with_its_mistakes(page: Page, watch: Watch) -> None:
    page.goto("/")
    page.get_by_label("Prompt").fill("")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("alert").first).to_be_visible()

    assert complaints(page, watch) == []


def test_the_settings_sheet_of_a_phone(page: Page, watch: Watch) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_label("Model")).to_be_visible()

    assert complaints(page, watch) == []


def complaints(page: Page, watch: Watch) -> list[str]:
    """What the policy, axe and the width of the screen object to, on every screen."""
    page.wait_for_load_state("networkidle")
    found = list(watch.faults)
    for width, scheme in SCREENS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(SETTLED)
        found += [f"{width} {scheme}: {objection}" for objection in objections(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{width} {scheme}: wider than the screen")
    # What comes now is of axe's own making: it sets styles while it looks.
    watch.faults.clear()
    return found


def objections(page: Page) -> list[str]:
    results = Axe().run(page, options=RULES)
    return [
        f"{violation['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
