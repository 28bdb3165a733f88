"""Who waits for whose pictures at the gateway: nobody's keys, and no other member's edits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from imagestudio.accounts.models import Team, User
from imagestudio.decoding import gate
from imagestudio.decoding.gate import Bounds
from imagestudio.web.in_flight import InFlight, TooMuch
from jobs.gateway.api.errors import ApiError
from jobs.gateway.server import limits
from jobs.services.programs import keys
from jobs.services.programs.keys import Terms
from tests.decoding.made import chunk, png_with
from tests.gateway.asgi import MODEL, Exchange, Program
from tests.gateway.forms import FORM, form
from tests.sandbox.conftest import photo, png_of

pytestmark = pytest.mark.django_db(transaction=True)

EDITS = "/v1/images/edits"
# Takes more than a second of processor to open.
SLOW = png_with(chunk(b"teSt", b"") * 2_000_000)


def edit(program: Program, picture: bytes) -> Exchange:
    body = form({"model": MODEL, "prompt": "an otter"}, [("image", picture)])
    sent = {"Authorization": f"Bearer {program.secret}", "Prefer": "respond-async", **FORM}
    return Exchange("POST", EDITS, sent, [body])


def test_w03_ones_edits_hold_up_nobody_else(
    program: Program, bob: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "CLEANING", Bounds(cpu_s=1, wall_s=60))
    his = Program(keys.create(bob, team, Terms(name="his")).secret)
    hers = [edit(program, SLOW) for _ in range(3)]
    asked = Exchange("GET", "/v1/models", {"Authorization": f"Bearer {his.secret}"})
    edited = edit(his, png_of(photo(64, 64, "seagreen")))
    answered_before = []

    async def meanwhile(_: Exchange) -> None:
        await asyncio.gather(asked.first_byte.wait(), edited.first_byte.wait())
        answered_before.append(sum(bool(each.sent) for each in hers))

    answers = program.together([asked, *hers, edited], meanwhile)

    assert [answer.status for answer in answers] == [200, *[400] * 3, 202]
    assert answered_before[0] <= 1


def test_w13_a_member_has_only_so_many_bytes_under_way(
    program: Program, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.GATEWAY_MAX_BODY_BYTES = 100_000
    monkeypatch.setattr("jobs.gateway.server.app.BODIES_OF_ONE", 1)
    body = form({"model": MODEL, "prompt": "x"}, [("image", b"x" * 90_000)])
    sent = {"Authorization": f"Bearer {program.secret}", **FORM}
    many = [Exchange("POST", EDITS, sent, [body[:70_000], body[70_000:]]) for _ in range(3)]

    answers = program.together(many)

    assert {answer.status for answer in answers} == {400, 429}
    refused = max(answers, key=lambda answer: answer.status)
    assert refused.error["code"] == "too_many_bytes"
    assert refused.headers["connection"] == "close"


def test_w13_what_was_taken_is_given_back() -> None:
    all_of_them = InFlight(10)
    with all_of_them.of("alice") as held:
        held.reach(6)
        held.reach(6)
        with all_of_them.of("bob") as other, all_of_them.of("alice") as more:
            other.reach(10)
            with pytest.raises(TooMuch):
                more.reach(5)
            more.reach(4)

    assert not all_of_them._bytes


def test_w10_wrong_keys_of_one_network_are_counted_together() -> None:
    for number in range(limits.WRONG_KEYS_PER_MINUTE):
        limits.note_wrong_key(f"2001:db8:1:2::{number:x}")

    limits.note_wrong_key("2001:db8:1:3::1")
    with pytest.raises(ApiError, match="Too many wrong keys"):
        limits.note_wrong_key("2001:db8:1:2:ffff::1")
