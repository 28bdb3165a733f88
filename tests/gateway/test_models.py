"""What `GET /v1/models` says, and whether each name that it says can be asked for."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from pytest_django import Settings

from imagestudio.images_api import day
from imagestudio.images_api.capabilities import ListedModel
from jobs.models import Job
from jobs.services.queue import providers
from tests.gateway.asgi import MODEL, Program

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "gpt-image-3-comet"
OTTER = {"prompt": "an otter"}
LATER = {"Prefer": "respond-async"}


def names(program: Program) -> list[str]:
    return [model["id"] for model in program.call("GET", "/v1/models").json()["data"]]


def test_d02_a_model_is_listed_as_long_as_its_service_has_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = (ListedModel("gpt-image-1.5", date(2027, 2, 1)), ListedModel("gpt-image-1-mini"))
    monkeypatch.setattr(day, "today", lambda: date(2026, 12, 2))
    assert "gpt-image-1.5" not in names(program)

    providers.keep_listing(providers.default(), own)

    assert {"gpt-image-1.5", "gpt-image-1-mini"} <= set(names(program))
    document = program.call("GET", "/v1/models/gpt-image-1.5").json()
    assert document["shutdown_date"] == "2027-02-01"
    assert "answered_by" not in document
    monkeypatch.setattr(day, "today", lambda: date(2027, 2, 1))
    document = program.call("GET", "/v1/models/gpt-image-1.5").json()
    assert document["answered_by"] == MODEL


def test_d03_a_model_that_came_out_today_is_listed_and_accepted(program: Program) -> None:
    providers.keep_listing(providers.default(), (ListedModel(NEW),))

    answer = program.call(
        "POST", "/v1/images/generations", OTTER | {"model": NEW, "quality": "max"}, headers=LATER
    )

    assert NEW in names(program)
    assert answer.status == 202
    assert Job.objects.get().model == NEW


def test_d03_a_name_that_only_the_second_service_lists_goes_there(
    program: Program, settings: Settings
) -> None:
    settings.PROVIDERS = (
        *settings.PROVIDERS,
        replace(settings.PROVIDERS[0], name="house", base_url="http://127.0.0.1:9"),
    )
    providers.keep_listing(settings.PROVIDERS[1], (ListedModel("painter-7"),))

    program.call("POST", "/v1/images/generations", OTTER | {"model": "painter-7"}, headers=LATER)

    assert Job.objects.get().provider == "house"


@pytest.mark.parametrize("name", ["gpt-image-2-2026-04-21", "gpt-image-2.5-flare-2026-09-08"])
def test_d10_a_dated_snapshot_can_be_retrieved_and_is_on_no_list(
    program: Program, name: str
) -> None:
    document = program.call("GET", f"/v1/models/{name}")

    assert document.status == 200
    assert document.json()["id"] == name
    assert name not in names(program)


@pytest.mark.parametrize(
    ("name", "released"),
    [
        (MODEL, date(2026, 11, 4)),
        ("gpt-image-2.5-sunburst", date(2026, 9, 8)),
        ("gpt-image-2", date(2026, 4, 21)),
        ("gpt-image-2-2026-04-21", date(2026, 4, 21)),
    ],
)
def test_d10_each_model_says_when_it_came_out(program: Program, name: str, released: date) -> None:
    document = program.call("GET", f"/v1/models/{name}").json()

    assert datetime.fromtimestamp(document["created"], UTC).date() == released


def test_d10_what_the_service_says_of_that_is_believed_first(program: Program) -> None:
    providers.keep_listing(providers.default(), (ListedModel(NEW, created=1_800_000_000),))

    assert program.call("GET", f"/v1/models/{NEW}").json()["created"] == 1_800_000_000
