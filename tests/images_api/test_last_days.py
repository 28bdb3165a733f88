"""A last day belongs to a service and a model: whose word counts, before the day and behind it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from imagestudio.images_api.capabilities import Catalogue, ListedModel, problems
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest

BEFORE, BEHIND, LATER = date(2026, 11, 29), date(2026, 12, 2), date(2027, 1, 15)
ONES = ("gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest")
NEXT_YEAR = date(2027, 3, 1)


def service(preset: str = "openai", **fields: Any) -> Provider:
    base = {"name": "house", "base_url": "https://images.example.com/v1", "api_key": "k"}
    if preset == "openai":
        base["base_url"] = "https://api.openai.com/v1"
    return from_json({**base, "preset": preset, **fields})


def refusals(model: str, today: date, provider: Provider | None, *listed: ListedModel) -> list[str]:
    request = ImageRequest(model=model, prompt="an otter")
    return [found.message for found in problems(request, today, provider, listed)]


def menu(today: date, provider: Provider | None, *listed: ListedModel) -> list[str]:
    return [spec.name for spec in Catalogue(provider, listed, today).offered()]


@pytest.mark.parametrize("model", [*ONES, "gpt-image-1.5-2025-12-16"])
def test_d02_it_ends_the_first_models_at_the_official_service(model: str) -> None:
    assert refusals(model, BEFORE, service()) == []

    [words] = refusals(model, BEHIND, service())

    assert "ended on 1 December 2026. Use gpt-image-2.6-flare instead." in words


@pytest.mark.parametrize(
    "url", ["https://eu.api.openai.com/v1", "https://api.openai.com:443/v1", None]
)
def test_d02_it_knows_the_official_service_by_its_address(url: str | None) -> None:
    provider = service(base_url=url) if url else None

    assert refusals("gpt-image-1.5", BEHIND, provider) != []


@pytest.mark.parametrize(
    ("preset", "fields"),
    [
        ("litellm", {}),
        ("openai", {"base_url": "https://relay.example.com/v1"}),
        ("openai", {"base_url": "https://api.openai.com.example.com/v1"}),
        ("azure", {}),
    ],
)
def test_d02_what_one_service_ends_the_others_go_on_with(
    preset: str, fields: dict[str, Any]
) -> None:
    assert refusals("gpt-image-1-mini", BEHIND, service(preset, **fields)) == []


@pytest.mark.parametrize(
    ("model", "today", "is_served"),
    [
        ("gpt-image-1.5", date(2026, 12, 15), True),
        ("gpt-image-1.5", date(2026, 12, 16), False),
        ("gpt-image-1-mini", date(2027, 4, 6), True),
        ("gpt-image-1-mini", date(2027, 4, 7), False),
        ("gpt-image-2-2026-04-21", date(2027, 10, 21), False),
    ],
)
def test_d02_azure_has_last_days_of_its_own(model: str, today: date, is_served: bool) -> None:
    route = {"api_version": "2026-10-01-preview"}

    for provider in (service("azure"), service("azure-deployment", **route)):
        assert (refusals(model, today, provider) == []) is is_served


def test_d02_a_model_that_its_maker_ended_is_asked_for_by_name_where_no_table_holds() -> None:
    relay = service("litellm")

    assert "gpt-image-1.5" in menu(BEFORE, relay)
    assert "gpt-image-1.5" not in menu(BEHIND, relay)
    assert "gpt-image-1.5" in menu(BEHIND, relay, ListedModel("gpt-image-1.5"))


@pytest.mark.parametrize("model", ["gpt-image-1.5", "gpt-image-1.5-2025-12-16"])
def test_d02_the_services_own_day_wins_be_it_later_or_earlier(model: str) -> None:
    later = ListedModel("gpt-image-1.5", NEXT_YEAR)
    earlier = ListedModel("gpt-image-1.5", date(2026, 11, 20))

    assert refusals(model, BEHIND, service(), later) == []
    assert refusals(model, NEXT_YEAR, service(), later) != []
    assert refusals(model, BEFORE, service(), earlier) != []


@pytest.mark.parametrize("preset", ["openai", "azure"])
def test_d02_the_day_of_the_settings_wins_over_everybodys(preset: str) -> None:
    provider = service(preset, shutdown_dates={"gpt-image-1.5": "2027-03-01"})
    listed = ListedModel("gpt-image-1.5", date(2026, 11, 20))

    assert refusals("gpt-image-1.5", LATER, provider, listed) == []
    [words] = refusals("gpt-image-1.5", NEXT_YEAR, provider, listed)
    assert "ended on 1 March 2027" in words


def test_d02_the_settings_can_say_that_a_model_has_no_end() -> None:
    """Dedicated capacity outlives the day of the others."""
    provider = service(shutdown_dates={"gpt-image-1.5": None})

    [spec] = [
        spec for spec in Catalogue(provider, today=LATER).offered() if spec.name == "gpt-image-1.5"
    ]

    assert spec.warning(LATER) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"models": ["gpt-image-1.5"]},
        {"only_models": ["gpt-image-1.5"]},
        {"model_names": {"gpt-image-1.5": "our-deployment"}},
    ],
)
def test_d02_a_model_that_the_settings_name_is_served_until_the_service_says_no(
    fields: dict[str, Any],
) -> None:
    for preset in ("openai", "azure", "litellm"):
        provider = service(preset, **fields)
        ended = ListedModel("gpt-image-1.5", date(2026, 12, 1))

        assert refusals("gpt-image-1.5", LATER, provider) == []
        assert "gpt-image-1.5" in menu(LATER, provider)
        assert refusals("gpt-image-1.5", LATER, provider, ended) != []


def test_d02_a_model_that_the_service_still_lists_behind_its_day_is_served() -> None:
    listed = ListedModel("gpt-image-1-mini")

    assert refusals("gpt-image-1-mini", LATER, service(), listed) == []
    assert "gpt-image-1-mini" in menu(LATER, service(), listed)


def test_d02_until_its_day_the_table_warns_of_what_is_listed_without_one() -> None:
    spec = Catalogue(service(), (ListedModel("gpt-image-1.5"),), BEFORE).spec_of("gpt-image-1.5")

    assert spec is not None
    assert "ends on 1 December 2026" in (spec.warning(BEFORE) or "")


def test_d02_it_names_a_successor_that_this_service_has() -> None:
    provider = service("azure", only_models=["gpt-image-2", "gpt-image-1.5"])
    ended = ListedModel("gpt-image-1.5", date(2026, 12, 16))

    [words] = refusals("gpt-image-1.5", LATER, provider, ended)

    assert words == "GPT Image 1.5 ended on 16 December 2026. Use gpt-image-2 instead."


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"deprecation": {"inference": 1_807_056_000}}, date(2027, 4, 7)),
        ({"deprecation": {"fine_tune": 1_807_056_000}}, None),
        ({"deprecation": {"inference": True}}, None),
        ({"deprecation": {"inference": 10**30}}, None),
        ({"deprecation": "soon"}, None),
        ({"shutdown_date": "2027-01-01", "deprecation": {"inference": 1}}, date(2027, 1, 1)),
    ],
)
def test_d02_it_reads_the_last_day_in_azures_words(entry: Any, expected: date | None) -> None:
    [listed] = ListedModel.read_list({"data": [{"id": "x", **entry}]})

    assert listed.shuts_down_on == expected


@pytest.mark.parametrize("days", [["2027-01-01"], {"x": "soon"}, {"x": 7}, {"": None}, "never"])
def test_d02_it_says_how_last_days_are_written(days: object) -> None:
    with pytest.raises(ValueError, match="house: shutdown_dates must be an object of days like"):
        service(shutdown_dates=days)
