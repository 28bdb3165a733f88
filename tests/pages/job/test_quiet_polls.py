"""Polls with nothing to tell, through the real application and the real bell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.test import Client

from imagestudio.accounts.models import User
from imagestudio.web import bell
from imagestudio.web.chunked import App, Receive, Scope, Send
from imagestudio.web.ear import Ear
from jobs.models import Job
from jobs.pages.job import quiet
from jobs.pages.job.quiet import QuietPolls
from jobs.services import cancel
from jobs.states import State
from tests.conftest import MakeJob
from tests.gateway.asgi import Answer, Exchange

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_S = 20.0


@dataclass
class Page:
    """A signed-in browser that polls; it counts what reaches Django."""

    cookie: str
    url: str = quiet.PATH
    etag: str = ""
    asked: int = 0
    ear: Ear = field(default_factory=Ear)

    def __post_init__(self) -> None:
        self._pages: App = get_asgi_application()  # type: ignore[assignment]
        self._door = QuietPolls(self._count, self.ear)

    async def poll(self) -> Answer:
        exchange = Exchange("GET", self.url, {"Cookie": self.cookie, "If-None-Match": self.etag})
        await self._door(exchange.scope, exchange.receive, exchange.send)
        answer = exchange.answer()
        self.etag = answer.headers.get("etag") or answer.headers["ETag"]
        return answer

    async def settle(self) -> None:
        """Poll until the door knows that nothing is new."""
        self.ear.start()
        while not self.ear.hears:
            await asyncio.sleep(0.01)
        await self.poll()
        assert (await self.poll()).status == 304
        self.asked = 0

    async def _count(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await self._pages(scope, receive, send)


@pytest.fixture
def page(alice: User) -> Page:
    return Page(cookie_of(alice))


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


def live(page: Page, course: Callable[[], Awaitable[None]]) -> None:
    async def go() -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await page.settle()
                await course()
        finally:
            await page.ear.stop()

    asyncio.run(go())


async def until_django_is_asked(page: Page) -> Answer:
    """The bell needs a moment; the door's own memory would last far longer than this waits."""
    for _ in range(50):
        answer = await page.poll()
        if page.asked:
            return answer
        await asyncio.sleep(0.02)
    raise AssertionError("the door kept its answer though the bell rang")


def test_it_answers_again_without_asking_django(page: Page, make_job: MakeJob) -> None:
    make_job()

    async def course() -> None:
        again = await page.poll()

        assert (page.asked, again.status, again.body) == (0, 304, b"")
        assert again.headers["x-cursor"]
        assert again.headers["cache-control"] == "private, no-cache"

    live(page, course)


def test_it_asks_when_a_job_moves(page: Page, make_job: MakeJob, alice: User) -> None:
    job = make_job()

    async def course() -> None:
        await asyncio.to_thread(cancel.cancel, alice, job)

        answer = await until_django_is_asked(page)

        assert answer.status == 200
        assert str(job.pk).encode() in answer.body

    live(page, course)


def test_it_asks_when_a_job_is_claimed(page: Page, make_job: MakeJob) -> None:
    job = make_job()

    async def course() -> None:
        await asyncio.to_thread(Job.objects.claim, job.pk, 60)

        assert b'data-state="running"' in (await until_django_is_asked(page)).body

    live(page, course)


def test_it_asks_when_there_is_a_new_job(page: Page, alice: User) -> None:
    async def course() -> None:
        await asyncio.to_thread(bell.tell, alice.pk, "job")

        await until_django_is_asked(page)

    live(page, course)


def test_it_stays_quiet_while_others_are_at_work(
    page: Page, make_job: MakeJob, carol: User
) -> None:
    hers = make_job(owner=carol, team=carol.teams.get())

    async def course() -> None:
        heard = asyncio.Event()
        page.ear.pass_on(lambda *_: heard.set())
        await asyncio.to_thread(cancel.cancel, carol, hers)
        await heard.wait()

        await page.poll()

        assert page.asked == 0

    live(page, course)


def test_it_asks_for_another_cookie(page: Page, bob: User, make_job: MakeJob) -> None:
    make_job()

    async def course() -> None:
        page.cookie = cookie
        await page.poll()

        assert page.asked == 1

    cookie = cookie_of(bob)
    live(page, course)


def test_it_asks_when_the_question_is_another(page: Page) -> None:
    async def course() -> None:
        page.url = f"{quiet.PATH}?since=1"
        await page.poll()

        assert page.asked == 1

    live(page, course)


def test_it_asks_again_after_a_while(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    async def course() -> None:
        monkeypatch.setattr(quiet, "REMEMBERED_S", 0.0)
        await page.poll()

        assert page.asked == 1

    live(page, course)


def test_it_asks_while_it_hears_nothing(page: Page) -> None:
    async def course() -> None:
        await page.ear.stop()
        await page.poll()

        assert page.asked == 1

    live(page, course)


def test_it_lets_a_preview_through(page: Page, make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)

    async def course() -> None:
        await asyncio.to_thread(bell.tell, job.pk, "preview")

        await until_django_is_asked(page)

    live(page, course)


def test_w14_it_remembers_questions_by_their_hash(page: Page, make_job: MakeJob) -> None:
    make_job()

    async def course() -> None:
        [question] = page._door._silences

        assert len(question) == 32

    page.cookie += "; other=" + "x" * 10_000
    live(page, course)


def test_w14_it_forgets_what_it_may_not_say_again(
    page: Page, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_job()

    async def course() -> None:
        for number in range(5):
            page.cookie = f"{cookie}; n={number}"
            await page.poll()
        assert len(page._door._silences) == 6

        monkeypatch.setattr(quiet, "REMEMBERED_S", -1.0)
        page.cookie = f"{cookie}; n=new"
        await page.poll()

        assert len(page._door._silences) == 0

    cookie = page.cookie
    live(page, course)
