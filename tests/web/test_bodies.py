"""How much the whole application takes in before it knows from whom."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from imagestudio.accounts.models import User
from imagestudio.web.bodies import MEGABYTE, MEMBERS_BYTES, STRANGERS_BYTES
from tests.gateway.asgi import Answer, Exchange
from tests.gateway.conftest import wire
from tests.gateway.wire import Wire

__all__ = ["wire"]

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LOGIN = "/accounts/login/"


@dataclass
class Upload(Exchange):
    """Counts what was asked of it before the answer began."""

    read_bytes: int = 0

    async def receive(self) -> MutableMapping[str, Any]:
        message = await super().receive()
        if not self.sent:
            self.read_bytes += len(message.get("body", b""))
        return message

    def send_it(self) -> Answer:
        from imagestudio.asgi import application  # It wants the folders that a fixture makes.

        asyncio.run(application(self.scope, self.receive, self.send))
        return self.answer()


def upload(path: str, size: int, *, says: int | None = None, **headers: str) -> Upload:
    """A form of this size; `says` is the length that it claims, None for no claim."""
    length = {"Transfer-Encoding": "chunked"} if says is None else {"Content-Length": str(says)}
    pieces = [b"a" * min(MEGABYTE // 4, size - at) for at in range(0, size, MEGABYTE // 4)]
    return Upload("POST", path, FORM | length | headers, pieces)


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def test_an_announced_flood_is_refused_unread() -> None:
    flood = upload(LOGIN, 8 * MEGABYTE, says=10**11)

    assert flood.send_it().status == 413
    assert flood.read_bytes == 0


def test_a_flood_without_a_length_is_cut_off() -> None:
    flood = upload(LOGIN, 8 * MEGABYTE)

    assert flood.send_it().status == 413
    assert flood.read_bytes <= STRANGERS_BYTES + MEGABYTE // 4


def test_a_made_up_session_opens_nothing() -> None:
    flood = upload(LOGIN, 2 * MEGABYTE, Cookie=f"{settings.SESSION_COOKIE_NAME}={'x' * 32}")

    assert flood.send_it().status == 413


def test_whose_session_has_ended_is_asked_to_sign_in() -> None:
    picture = upload("/uploads/", 2 * MEGABYTE, says=2 * MEGABYTE)

    answer = picture.send_it()

    assert (answer.status, answer.headers["location"]) == (303, LOGIN)
    assert picture.read_bytes == 0


def test_a_member_may_send_what_pages_take(alice: User) -> None:
    picture = upload("/jobs/", 2 * MEGABYTE, says=2 * MEGABYTE, Cookie=cookie_of(alice))

    answer = picture.send_it()

    assert answer.status == 403  # The page itself says so: there is no token in this form.
    assert picture.read_bytes == 2 * MEGABYTE


def test_a_member_may_not_send_without_end(alice: User) -> None:
    flood = upload("/jobs/", MEGABYTE, says=MEMBERS_BYTES + 1, Cookie=cookie_of(alice))

    assert flood.send_it().status == 413
    assert flood.read_bytes == 0


def test_a_browser_is_told_on_a_page_and_a_script_in_json() -> None:
    page = upload(LOGIN, 1, says=10**11, Accept="text/html").send_it()
    answer = upload(LOGIN, 1, says=10**11, Accept="application/json").send_it()

    assert "more than the studio takes at once" in page.body.decode()
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert answer.json() == {"error": "This is more than the studio takes at once."}


def test_a_small_form_goes_in_as_ever(alice: User) -> None:
    body = urlencode({"login": alice.email, "password": "wrong"}).encode()
    form = Upload("POST", LOGIN, FORM | {"Content-Length": str(len(body))}, [body])

    form.send_it()

    assert form.read_bytes == len(body)


def test_a_form_is_put_off_while_nobody_can_say_who_sends_it(wire: Wire) -> None:
    cookie = f"{settings.SESSION_COOKIE_NAME}={'x' * 32}"
    wire.cut()

    answer = upload("/uploads/", 2 * MEGABYTE, Cookie=cookie).send_it()

    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
