"""A real Chromium in front of a whole studio. Every page is watched for what a policy forbids."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.studio import EMAIL, PASSWORD, RunningStudio, running_studio

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
REPORT_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", (event) =>
        console.error("policy:", event.violatedDirective, event.blockedURI, event.sourceFile));
"""


@contextmanager
def a_chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """What went wrong in the browser behind the test's back."""

    faults: list[str] = field(default_factory=list)

    def console(self, message: ConsoleMessage) -> None:
        # The network's own lines are about answers that tests ask for, such as 422.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def error(self, error: object) -> None:
        self.faults.append(str(error))


@pytest.fixture(scope="session")
def studio() -> Iterator[RunningStudio]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with running_studio(STUDIO_SANDBOX_LATENCY_S="1", STUDIO_RETRY_BASE_S="0.1") as studio:
        yield studio


@pytest.fixture(scope="session")
def signed_in(studio: RunningStudio) -> str:
    """The cookies of one sign-in, as a storage state; its limits would stop a sign-in per test."""
    path = str(studio.data / "browser-state.json")
    with a_chromium() as browser:
        context = browser.new_context(base_url=studio.base_url)
        page = context.new_page()
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        context.storage_state(path=path)
    return path


@pytest.fixture(scope="module")
def chromium(signed_in: str) -> Iterator[Browser]:
    """No longer than its module: while it lives, Django lets no other test ask the database."""
    with a_chromium() as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser, studio: RunningStudio, signed_in: str) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        base_url=studio.base_url,
        storage_state=signed_in,
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
    )
    context.add_init_script(REPORT_VIOLATIONS)
    yield context
    context.close()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Iterator[Page]:
    page = context.new_page()
    page.on("console", watch.console)
    page.on("pageerror", watch.error)
    yield page
    assert watch.faults == []
