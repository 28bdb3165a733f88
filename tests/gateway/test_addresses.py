"""The gateway under all the addresses that clients have for it, and for pages of other origins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import Client

from imagestudio.accounts.models import Team, User
from imagestudio.web.ear import Ear
from jobs.gateway.api.addresses import canonical, is_for_programs
from jobs.gateway.api.links import LinkBase
from jobs.gateway.server.app import Gateway
from jobs.gateway.server.cross_origin import CrossOrigin
from jobs.models import Job
from jobs.services.programs import keys
from jobs.services.programs.keys import Terms
from jobs.states import State
from tests.conftest import MakeJob
from tests.gateway.asgi import MODEL, Answer, Exchange, Program

LATER = {"Prefer": "respond-async"}
CHAT = "https://chat.example.org"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/openai/v1/images/generations", ("/v1/images/generations", "")),
        ("/openai/v1/models/gpt-image-2", ("/v1/models/gpt-image-2", "")),
        ("/openai/models", ("/v1/models", "")),
        ("/openai/deployments/gpt-image-2/images/edits", ("/v1/images/edits", "gpt-image-2")),
        ("/v1/deployments/gpt-image-2/images/edits", ("/v1/images/edits", "gpt-image-2")),
        ("/openai/v1/deployments/m/images/variations", ("/v1/images/variations", "m")),
        ("/openai/deployments/house/pix/images/edits", ("/v1/images/edits", "house/pix")),
        ("/v1/images/edits", ("/v1/images/edits", "")),
        ("/v1/studio/images", ("/v1/studio/images", "")),
    ],
)
def test_d08_it_knows_its_own_addresses(path: str, meant: tuple[str, str]) -> None:
    assert canonical(path) == meant


@pytest.mark.django_db(transaction=True)
def test_d08_it_makes_pictures_under_the_addresses_of_azure(program: Program) -> None:
    path = f"/openai/deployments/{MODEL}/images/generations?api-version=2025-04-01-preview"

    answer = program.call("POST", path, {"prompt": "an otter"}, headers=LATER)

    assert answer.status == 202
    assert Job.objects.get().model == MODEL
    assert program.call("GET", "/openai/v1/models").status == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/images/generations", "/openai/", "/openai/v1/chat", "/", "/v2"])
def test_d08_a_wrong_base_url_is_told_in_the_envelope(path: str, program: Program) -> None:
    answer = program.call("POST", path, {"prompt": "an otter"})

    assert (answer.status, answer.error["code"]) == (404, "unknown_url")
    assert ("base URL of this API ends with /v1" in answer.error["message"]) == (
        not path.startswith("/openai/")
    )


def headers(**named: str) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()]


@pytest.mark.parametrize(
    ("path", "sent", "is_it"),
    [
        ("/images/edits", headers(authorization="Bearer ist_mine"), True),
        ("/anything", headers(api_key="ist_mine"), True),
        ("/jobs/", headers(authorization="bearer  ist_mine"), True),
        ("/openai/v1/models", [], True),
        ("/v1", [], True),
        # A proxy's own credentials make no program of a person.
        ("/jobs/", headers(authorization="Bearer eyJhbGciOi"), False),
        ("/jobs/", headers(authorization="Basic aXN0Xw=="), False),
        ("/history/", headers(cookie="ist_"), False),
        ("/healthz", headers(authorization="Bearer ist_mine"), False),
        ("/v1/studio/files/x", headers(authorization="Bearer ist_mine"), False),
        ("/openair", [], False),
    ],
)
def test_d08_who_brings_a_key_is_a_program(
    path: str, sent: list[tuple[bytes, bytes]], is_it: bool
) -> None:
    assert is_for_programs({"path": path, "headers": sent}) is is_it


def across(program: Program, method: str, path: str, **sent: str) -> Answer:
    """The answer to a page of another origin."""
    own = {"Authorization": f"Bearer {program.secret}"} if method != "OPTIONS" else {}
    exchange = Exchange(method, path, own | {n.replace("_", "-"): v for n, v in sent.items()})
    application = CrossOrigin(Gateway(Ear()))
    asyncio.run(asyncio.wait_for(_call(application, exchange), 30))
    return exchange.answer()


async def _call(application: Any, exchange: Exchange) -> None:
    await application(exchange.scope, exchange.receive, exchange.send)


@pytest.mark.django_db(transaction=True)
def test_field_f12_a_page_of_a_named_origin_may_call(program: Program, settings: Any) -> None:
    settings.GATEWAY_ORIGINS = [CHAT]
    wanted = "authorization, content-type, x-stainless-lang"

    asked = across(
        program,
        "OPTIONS",
        "/v1/images/generations",
        origin=CHAT,
        access_control_request_method="POST",
        access_control_request_headers=wanted,
    )
    answer = across(program, "GET", "/v1/models", origin=CHAT)

    assert asked.status == 204
    assert asked.headers["access-control-allow-headers"] == wanted
    assert "POST" in asked.headers["access-control-allow-methods"]
    for each in (asked, answer):
        assert each.headers["access-control-allow-origin"] == CHAT
        assert "access-control-allow-credentials" not in each.headers
    assert answer.status == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("origins", "origin"),
    [
        ([], CHAT),
        ([CHAT], "https://evil.example"),
        ([CHAT], f"{CHAT}.evil.example"),
        ([CHAT], "null"),
    ],
)
def test_field_f12_no_other_page_may(
    origins: list[str], origin: str, program: Program, settings: Any
) -> None:
    settings.GATEWAY_ORIGINS = origins

    asked = across(
        program, "OPTIONS", "/v1/models", origin=origin, access_control_request_method="GET"
    )

    assert asked.status == 405
    assert "access-control-allow-origin" not in asked.headers


@pytest.mark.django_db(transaction=True)
def test_field_f12_errors_are_told_to_pages_too(settings: Any) -> None:
    settings.GATEWAY_ORIGINS = ["*"]

    answer = across(Program("ist_wrong"), "GET", "/v1/models", origin=CHAT)

    assert answer.status == 401
    assert answer.headers["access-control-allow-origin"] == CHAT


def test_field_f12_only_signed_addresses_can_be_shown_elsewhere(
    make_job: MakeJob, client: Client, alice: User, team: Team
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()
    address = LinkBase("", keys.create(alice, team, Terms(name="a")).key.pk).link_to(image)

    signed = client.get(address)
    signed.close()
    forged = client.get(address + "x")

    assert signed.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert forged.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert client.get("/accounts/login/").headers["Cross-Origin-Resource-Policy"] == "same-origin"
