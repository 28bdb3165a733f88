"""A real Chromium in front of a whole studio. Every page is watched for what a policy forbids."""

import shutil
from collections.abc import Iterator
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
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    data = tmp_path_factory.mktemp("browser") / "data"
    with running_studio(data, STUDIO_SANDBOX_LATENCY_S="1", STUDIO_RETRY_BASE_S="0.1") as studio:
        yield studio


@pytest.fixture(scope="session")
def chromium(studio: RunningStudio) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in(chromium: Browser, studio: RunningStudio) -> str:
    """The cookies of one sign-in, as a storage state; its limits would stop a sign-in per test."""
    context = chromium.new_context(base_url=studio.base_url)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    path = str(studio.data / "browser-state.json")
    context.storage_state(path=path)
    context.close()
    return path


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
