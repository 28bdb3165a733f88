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
from imagestudio.web.bodies import FORM_BYTES, MEGABYTE, MEMBERS_BYTES
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
    assert flood.read_bytes <= FORM_BYTES + MEGABYTE // 4


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


def test_w13_an_unknown_address_takes_nothing(alice: User) -> None:
    flood = upload("/nope/", 8 * MEGABYTE, says=8 * MEGABYTE, Cookie=cookie_of(alice))

    assert flood.send_it().status == 404
    assert flood.read_bytes == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_w13_only_a_form_takes_a_body(alice: User, method: str) -> None:
    flood = upload("/jobs/", 2 * MEGABYTE, says=2 * MEGABYTE, Cookie=cookie_of(alice))
    flood.method = method

    assert flood.send_it().status in (403, 405)
    assert flood.read_bytes == 0


@pytest.mark.parametrize("path", ["/keys/new/", "/teams/current/", "/admin/login/"])
def test_w13_a_form_without_pictures_takes_little(alice: User, path: str) -> None:
    flood = upload(path, 8 * MEGABYTE, says=8 * MEGABYTE, Cookie=cookie_of(alice))

    assert flood.send_it().status == 413
    assert flood.read_bytes == 0


def test_w13_a_viewer_sends_no_pictures(vera: User) -> None:
    told = upload("/uploads/", 8 * MEGABYTE, says=8 * MEGABYTE, Cookie=cookie_of(vera))
    untold = upload("/uploads/", 8 * MEGABYTE, Cookie=cookie_of(vera))

    assert (told.send_it().status, told.read_bytes) == (403, 0)
    assert untold.send_it().status == 413
    assert untold.read_bytes <= FORM_BYTES + MEGABYTE // 4


def test_w13_nor_does_who_was_sent_away(alice: User) -> None:
    cookie = cookie_of(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    flood = upload("/uploads/", 8 * MEGABYTE, says=8 * MEGABYTE, Cookie=cookie)

    assert (flood.send_it().status, flood.read_bytes) == (303, 0)


def test_w13_a_member_has_only_so_much_under_way(alice: User) -> None:
    from imagestudio.asgi import bodies

    def picture() -> Upload:
        return upload("/uploads/", 2 * MEGABYTE, says=2 * MEGABYTE, Cookie=cookie)

    cookie = cookie_of(alice)
    with bodies._in_flight.of(alice.pk) as held:
        held.reach(MEMBERS_BYTES - MEGABYTE)
        told = picture().send_it()
        untold = upload("/uploads/", 2 * MEGABYTE, Cookie=cookie).send_it()

    assert [told.status, untold.status] == [429, 429]
    assert told.headers["retry-after"] == "5"
    assert (
        upload("/uploads/", 2 * MEGABYTE, says=2 * MEGABYTE, Cookie=cookie).send_it().status == 403
    )


class Slow(Upload):
    async def receive(self) -> MutableMapping[str, Any]:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"a", "more_body": True}


@pytest.mark.parametrize("length", [{"Content-Length": "900"}, {"Transfer-Encoding": "chunked"}])
def test_w13_a_page_waits_no_longer_than_the_gateway(
    length: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagestudio.web.chunked.SMALL_S", 0.2)

    answer = Slow("POST", LOGIN, FORM | length).send_it()

    assert answer.status == 408
    assert b"too slowly" in answer.body
