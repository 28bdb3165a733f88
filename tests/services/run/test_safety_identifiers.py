"""Whom a call stands for at the service: always the same stranger."""

import re
from dataclasses import replace

import pytest
from pytest_django import Settings

from imagestudio.accounts.models import Team, User
from imagestudio.images_api.types import ImageRequest
from jobs.services.run.worker import run
from jobs.services.submit import submit
from tests.upstream import ScriptedUpstream

FOX = ImageRequest(model="gpt-image-2", prompt="a fox")


def sent(owner: User, team: Team, upstream: ScriptedUpstream, request: ImageRequest) -> object:
    run(submit(owner, team, request).pk)
    return upstream.calls[-1].json.get("safety_identifier")


def test_d06_each_member_has_one_of_their_own(
    alice: User, bob: User, team: Team, upstream: ScriptedUpstream
) -> None:
    first, second, of_bob = (sent(each, team, upstream, FOX) for each in (alice, alice, bob))

    assert first == second != of_bob
    assert re.fullmatch("[0-9a-f]{64}", str(first))
    assert alice.email not in str(first)
    assert str(alice.pk).replace("-", "") not in str(first)


def test_d06_who_has_not_the_secret_key_cannot_make_it(
    alice: User, team: Team, upstream: ScriptedUpstream, settings: Settings
) -> None:
    ours = sent(alice, team, upstream, FOX)
    settings.SECRET_KEY = "another"

    assert sent(alice, team, upstream, FOX) != ours


def test_d06_a_callers_own_word_goes_first(
    alice: User, team: Team, upstream: ScriptedUpstream
) -> None:
    assert sent(alice, team, upstream, replace(FOX, safety_identifier="5f0c")) == "5f0c"


def test_d06_it_can_be_switched_off(
    alice: User, team: Team, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.SAFETY_IDENTIFIERS = False

    assert sent(alice, team, upstream, FOX) is None


def test_d06_the_order_is_the_same_with_and_without_it(
    alice: User, team: Team, upstream: ScriptedUpstream, settings: Settings
) -> None:
    first = submit(alice, team, FOX, idempotency_key="one")
    run(first.pk)
    settings.SAFETY_IDENTIFIERS = False

    assert submit(alice, team, FOX, idempotency_key="one") == first
    assert "safety_identifier" not in {
        name for name, value in first.request.items() if value is not None
    }


@pytest.mark.parametrize("params", [["n", "size"], []])
def test_d06_a_server_that_does_not_know_it_is_sent_none(
    alice: User, team: Team, upstream: ScriptedUpstream, settings: Settings, params: list[str]
) -> None:
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], params=frozenset(params)),)

    assert sent(alice, team, upstream, FOX) is None
