"""The next model comes out on a day when nobody has touched our table."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from imagestudio.images_api import pricing
from imagestudio.images_api.capabilities import Catalogue, ListedModel, ModelSpec
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.types import ImageRequest, Usage
from tests.images_api.test_last_days import menu, refusals, service

TODAY = date(2027, 1, 15)
NEW = "gpt-image-3-comet"
TEXT_MODELS = ("gpt-6.2-astra", "text-embedding-3-large", "whisper-1", "o3", "sora-2", "tts-1")


def spec_of(catalogue: Catalogue, model: str) -> ModelSpec:
    spec = catalogue.spec_of(model)
    assert spec is not None
    return spec


@pytest.mark.parametrize(
    "name", [NEW, "chatgpt-image-2", "dall-e-4", "openai/gpt-image-4", "x-image"]
)
def test_d03_what_the_service_lists_and_we_do_not_know_is_offered(name: str) -> None:
    listed = ListedModel(name)

    assert menu(TODAY, service(), listed)[-1] == name
    assert refusals(name, TODAY, service(), listed) == []


def test_d03_a_model_of_another_kind_is_on_no_menu_and_is_not_refused_by_us() -> None:
    listed = [ListedModel(name) for name in TEXT_MODELS]

    assert set(menu(TODAY, service(), *listed)).isdisjoint(TEXT_MODELS)
    assert refusals("gpt-6.2-astra", TODAY, service(), *listed) == []


@pytest.mark.parametrize("preset", ["vllm-omni", "sglang"])
def test_d03_a_server_of_pictures_draws_with_all_that_it_lists(preset: str) -> None:
    assert menu(TODAY, service(preset), ListedModel("Qwen/Q-Draw")) == ["Qwen/Q-Draw"]


@pytest.mark.parametrize(
    "fields",
    [
        {"quality": "max"},
        {"size": "1000x777"},
        {"n": 10},
        {"output_format": "webp", "output_compression": 40},
        {"background": "transparent"},
        {"complexity": "high"},
        {"partial_images": 3},
    ],
)
def test_d03_all_may_be_asked_of_it_that_may_be_asked_of_any(fields: dict[str, Any]) -> None:
    catalogue = Catalogue(service(), (ListedModel(NEW),), TODAY)

    assert catalogue.problems(replace(ImageRequest(model=NEW, prompt="an otter"), **fields)) == []


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 11}, "n"),
        ({"background": "transparent", "output_format": "jpeg"}, "background"),
        ({"prompt": " "}, "prompt"),
        ({"size": "huge"}, "size"),
        ({"n": 2, "partial_images": 1}, "partial_images"),
    ],
)
def test_d03_what_no_model_does_is_refused_all_the_same(fields: dict[str, Any], param: str) -> None:
    catalogue = Catalogue(service(), (ListedModel(NEW),), TODAY)
    request = replace(ImageRequest(model=NEW, prompt="an otter"), **fields)

    assert [problem.param for problem in catalogue.problems(request)] == [param]


def test_d03_it_says_that_it_guesses_and_knows_no_price() -> None:
    spec = spec_of(Catalogue(service(), (ListedModel(NEW),), TODAY), NEW)
    used = Usage(10, 1000, 10, 0, 0, 1000, {})

    assert spec.is_guess
    assert "knows neither its limits nor its price" in spec.summary
    assert pricing.estimate(ImageRequest(model=NEW, prompt="x")).high_microusd is None
    assert pricing.actual_microusd(NEW, used) is None


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("gpt-image-2.6-flare-2026-11-04", "gpt-image-2.6-flare"),
        ("gpt-image-2-2027-01-09", "gpt-image-2"),
    ],
)
def test_d03_a_new_state_of_a_known_model_can_and_costs_what_the_model_does(
    name: str, of: str
) -> None:
    catalogue = Catalogue(service(), (ListedModel(name),), TODAY)
    spec = spec_of(catalogue, name)

    assert (spec.snapshot_of, spec.is_guess) == (of, False)
    assert name not in [each.name for each in catalogue.offered()]
    assert catalogue.problems(ImageRequest(model=name, prompt="an otter")) == []
    assert pricing.rates_of(name) == pricing.rates_of(of)


@pytest.mark.parametrize(
    "name", ["gpt-image-2-2027-13-40", "gpt-image-2-2026-04-21-2027-01-01", "gpt-image-9"]
)
def test_d03_a_name_that_nobody_names_stays_unknown(name: str) -> None:
    assert refusals(name, TODAY, service()) == [
        f"There is no model {name}. Try gpt-image-2.6-flare."
    ]


def test_d03_models_of_the_settings_come_besides_those_that_are_known() -> None:
    provider = service(models=[NEW, "gpt-image-2"])
    names = menu(TODAY, provider)

    assert names[0] == "gpt-image-2.6-flare"
    assert names[-1] == NEW
    assert names.count("gpt-image-2") == 1
    assert refusals(NEW, TODAY, provider) == refusals("gpt-image-2.5-flare", TODAY, provider) == []


def test_d03_a_list_of_what_may_be_asked_for_narrows_and_says_so() -> None:
    provider = service(only_models=["gpt-image-2", NEW])
    listed = ListedModel("gpt-image-4")

    assert menu(TODAY, provider, listed) == ["gpt-image-2", NEW]
    assert refusals("gpt-image-4", TODAY, provider, listed) == [
        f"house serves gpt-image-2, {NEW}, not gpt-image-4."
    ]


def test_d03_a_server_of_its_own_models_has_none_of_the_official_ones() -> None:
    localai = service("localai", models=["flux-dev"])

    assert menu(TODAY, localai) == ["flux-dev"]
    assert refusals("gpt-image-2", TODAY, localai) == ["house serves flux-dev, not gpt-image-2."]


def test_d03_of_a_server_that_has_told_us_nothing_anything_may_be_asked() -> None:
    assert refusals("flux-dev", TODAY, service("localai")) == []
    assert refusals("gpt-image-2", TODAY, service("localai")) == []


def test_d03_all_that_was_read_of_a_list_is_kept() -> None:
    listed = (
        ListedModel("gpt-image-2", date(2027, 3, 1), 1_776_729_600),
        ListedModel("gpt-image-3"),
    )

    assert ListedModel.read_list(ListedModel.write_list(listed)) == listed


@pytest.mark.parametrize("created", [-1, True, "2026", 10**30, 1.5, None])
def test_d03_a_strange_moment_in_a_list_is_none(created: object) -> None:
    assert ListedModel.read_list({"data": [{"id": "x", "created": created}]}) == (ListedModel("x"),)


def test_d03_a_preset_alone_narrows_nothing() -> None:
    provider = from_json({"name": "x", "base_url": "https://x.example/v1", "api_key": "k"})

    assert len(menu(date(2026, 11, 29), provider)) == 8
