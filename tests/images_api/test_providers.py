"""Providers by settings, and what each of them can and cannot do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from imagestudio.images_api.capabilities import problems
from imagestudio.images_api.known_servers import PRESETS, from_json, parse_providers, providers_of
from imagestudio.images_api.providers import PARAM_NAMES, Provider
from imagestudio.images_api.types import ImageRequest
from imagestudio.images_api.wire import fields_of
from tests.images_api.conftest import KEY, Facts

ENTRY = {"name": "house", "base_url": "https://images.example.com/v1", "api_key": KEY}


def made(**fields: Any) -> Provider:
    return from_json({**ENTRY, **fields})


def test_it_is_the_official_service_unless_told() -> None:
    provider = from_json({"name": "openai", "api_key": KEY})

    assert provider == Provider("openai", "https://api.openai.com/v1", KEY)


def test_it_speaks_to_azure_by_its_newer_route() -> None:
    provider = made(preset="azure", base_url="https://res.openai.azure.com/openai/v1/")

    assert provider.url("images/edits", "gpt-image-2") == (
        "https://res.openai.azure.com/openai/v1/images/edits"
    )
    assert provider.headers() == {"api-key": KEY}


def test_it_speaks_to_a_deployment_of_azure() -> None:
    provider = made(
        preset="azure-deployment",
        base_url="https://res.openai.azure.com",
        api_version="2026-10-01-preview",
        model_names={"gpt-image-2": "our pictures"},
    )

    assert provider.url("images/generations", "gpt-image-2") == (
        "https://res.openai.azure.com/openai/deployments/our%20pictures/images/generations"
        "?api-version=2026-10-01-preview"
    )
    assert not provider.sends_model


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_complete_but_for_address_and_key(preset: str) -> None:
    provider = made(preset=preset, api_version="2026-10-01")

    assert provider.params <= PARAM_NAMES
    assert hash(provider) == hash(replace(provider))


def test_it_reads_a_list_of_providers() -> None:
    text = json.dumps([ENTRY, {**ENTRY, "name": "other", "preset": "litellm"}])

    assert [provider.name for provider in parse_providers(text)] == ["house", "other"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Providers: the setting must be a JSON list"),
        ("{}", "Providers: the setting must be a JSON list"),
        ("[" * 100_000, "Providers: the setting must be a JSON list"),
        ("[7]", "Provider 1: it must be a JSON object."),
        ('[{"base_url": "https://x"}]', "Provider 1: name is missing."),
        ('[{"name": "x"}]', "Provider x: api_key is missing."),
        ('[{"name": "x", "api_key": "k", "preset": "azure"}]', "Provider x: base_url is missing."),
        (json.dumps([ENTRY, ENTRY]), "Provider house: name is used twice."),
    ],
)
def test_it_explains_what_is_wrong_with_the_list(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_providers(text)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"preset": "bing"}, "preset must be one of openai, "),
        ({"colour": "red"}, "there is no field colour."),
        ({"can_stream": "yes"}, "can_stream must be true or false."),
        ({"params": "n"}, "params must be a list of texts."),
        ({"params": ["n", "seed"]}, "params has the unknown seed."),
        ({"models": [1]}, "models must be a list of texts."),
        ({"model_names": ["x"]}, "model_names must be an object of texts."),
        ({"api_key": 5}, "api_key must be a text."),
        ({"auth": "basic"}, "auth must be one of bearer, api-key."),
        ({"answers": "file"}, "answers must be one of b64_json, url."),
        ({"mask_polarity": "black"}, "mask_polarity must be one of alpha, white."),
        ({"route": "{base_url}/{path}/{job}"}, "route must hold"),
        ({"route": "{base_url}"}, "route must hold"),
        ({"route": "{base_url}/{path}{"}, "route must hold"),
        ({"route": "https://evil.example/{base_url}/{path}"}, "route must begin with"),
        ({"preset": "azure-deployment"}, "api_version is needed"),
        ({"edit_params": ["seed"]}, "edit_params has the unknown seed."),
        ({"streams_stills": True, "can_stream": False}, "streams_stills needs can_stream."),
        ({"base_url": "ftp://x"}, "its address must be"),
    ],
)
def test_it_names_provider_and_field(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match="Provider house: ") as caught:
        made(**fields)

    assert words in str(caught.value)
    assert KEY not in str(caught.value)


def test_it_refuses_what_a_server_cannot_do(facts: Facts) -> None:
    edit = ImageRequest(
        operation="edit", model="gpt-image-2", prompt="x", inputs=(facts(),), partial_images=1
    )
    localai = made(preset="localai")

    found = [(problem.param, problem.message) for problem in problems(edit, None, localai)]

    assert found == [
        ("operation", "house cannot edit pictures."),
        ("partial_images", "house sends no previews."),
    ]


def test_it_refuses_what_a_server_does_not_know() -> None:
    request = ImageRequest(model="gpt-image-2", prompt="x", quality="high", n=2)

    found = [problem.message for problem in problems(request, None, made(preset="localai"))]

    assert found == ["house does not know this setting. Leave it out."]


def test_a_server_need_not_know_who_is_asking() -> None:
    request = ImageRequest(model="gpt-image-2", prompt="x", safety_identifier="5f0c")

    assert problems(request, None, made(preset="litellm")) == []


@pytest.mark.parametrize(
    ("switches", "is_fine"),
    [({"has_variations": True}, True), ({"can_edit": True}, True), ({}, False)],
)
def test_a_variation_wants_an_endpoint_or_edits(
    facts: Facts, switches: dict[str, Any], is_fine: bool
) -> None:
    vary = ImageRequest(operation="vary", model="gpt-image-2", prompt="", inputs=(facts(),))

    found = problems(vary, None, made(preset="localai", **switches))

    assert [problem.param for problem in found] == ([] if is_fine else ["operation"])


def settings_of(**given: Any) -> dict[str, Any]:
    blank = {"sandbox_url": "", "openai_url": "", "openai_key": "", "listed": "", "keys": {}}
    return blank | given


@pytest.mark.parametrize(
    ("given", "name", "base_url"),
    [
        ({}, "openai", "https://api.openai.com/v1"),
        ({"openai_url": "http://house/v1"}, "openai", "http://house/v1"),
        ({"sandbox_url": "http://127.0.0.1:5/v1"}, "sandbox", "http://127.0.0.1:5/v1"),
    ],
)
def test_without_a_list_there_is_one(given: dict[str, Any], name: str, base_url: str) -> None:
    [provider] = providers_of(**settings_of(**given))

    assert (provider.name, provider.base_url) == (name, base_url)


def test_a_list_counts_alone() -> None:
    listed = '[{"name": "house", "base_url": "http://house/v1"}, {"name": "openai"}]'

    found = providers_of(**settings_of(listed=listed, openai_key="sk-1", keys={"house": "sk-2"}))

    assert [(each.name, each.api_key) for each in found] == [("house", "sk-2"), ("openai", "sk-1")]


def test_where_no_keys_are_known_the_list_can_still_be_read() -> None:
    listed = '[{"name": "house", "base_url": "http://house/v1"}, {"name": "openai"}]'

    found = providers_of(**settings_of(listed=listed))

    assert [each.api_key for each in found] == ["", ""]


@pytest.mark.parametrize("keys", [[], {"house": 5}, "sk-1"])
def test_keys_come_by_name(keys: object) -> None:
    with pytest.raises(ValueError, match="Provider keys: the setting must be a JSON object"):
        providers_of(**settings_of(keys=keys))


def test_a_list_names_somebody() -> None:
    with pytest.raises(ValueError, match="Providers: the list is empty"):
        parse_providers("[]")


@pytest.mark.parametrize(
    ("preset", "fields"),
    [
        ("vllm-omni", {"output_format": "webp", "output_compression": 40}),
        ("vllm-omni", {"operation": "edit", "background": "transparent"}),
        ("sglang", {"quality": "high", "background": "opaque", "output_format": "jpeg"}),
        ("litellm", {"complexity": "high", "output_format": "webp", "safety_identifier": "5f0c"}),
    ],
)
def test_d07_a_preset_lets_through_what_its_server_understands(
    facts: Facts, preset: str, fields: dict[str, Any]
) -> None:
    request = ImageRequest(model="gpt-image-2.6-flare", prompt="x")
    request = replace(request, **{"inputs": (facts(),) if "operation" in fields else (), **fields})
    provider = made(preset=preset)

    assert problems(request, None, provider) == []
    sent = fields_of(request, provider)
    assert {name: sent[name] for name in fields if name != "operation"} == {
        name: value for name, value in fields.items() if name != "operation"
    }


@pytest.mark.parametrize(
    ("preset", "fields", "param"),
    [
        ("vllm-omni", {"quality": "high"}, "quality"),
        ("vllm-omni", {"background": "opaque"}, "background"),
        ("sglang", {"moderation": "low"}, "moderation"),
        ("sglang", {"partial_images": 1}, "partial_images"),
        ("litellm", {"partial_images": 1}, "partial_images"),
        ("localai", {"output_format": "webp"}, "output_format"),
    ],
)
def test_d07_what_its_server_does_not_understand_is_refused_by_name(
    preset: str, fields: dict[str, Any], param: str
) -> None:
    request = replace(ImageRequest(model="gpt-image-2.6-flare", prompt="x"), **fields)

    assert [found.param for found in problems(request, None, made(preset=preset))] == [param]
