from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from imagestudio.images_api.capabilities import (
    DEFAULT_MODEL,
    MODELS,
    Catalogue,
    offered,
    parse_size,
    problems,
)
from imagestudio.images_api.types import ImageRequest

TODAY = date(2026, 11, 29)
DECEMBER = date(2026, 12, 1)
FREE = ("gpt-image-2", "gpt-image-2.5-flare", "gpt-image-2.5-sunburst", "gpt-image-2.6-sunburst")
FIXED = ("gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest")


def ask(model: str = "gpt-image-2", **fields: Any) -> ImageRequest:
    return replace(ImageRequest(model=model, prompt="an otter"), **fields)


def messages(request: ImageRequest, today: date = TODAY) -> list[tuple[str, str]]:
    return [(problem.param, problem.message) for problem in problems(request, today)]


def params(request: ImageRequest, today: date = TODAY) -> list[str]:
    return [problem.param for problem in problems(request, today)]


@pytest.mark.parametrize("model", MODELS)
def test_it_takes_a_plain_request_to_any_model(model: str) -> None:
    assert messages(ask(model)) == []


@pytest.mark.parametrize("model", MODELS)
def test_it_takes_every_size_that_it_offers(model: str) -> None:
    sizes = [preset.value for preset in MODELS[model].sizes.presets]

    assert [messages(ask(model, size=size)) for size in sizes] == [[]] * len(sizes)


@pytest.mark.parametrize("model", MODELS)
def test_it_names_the_ratio_of_every_size_rightly(model: str) -> None:
    for preset in MODELS[model].sizes.presets:
        width, height = parse_size(preset.value) or (0, 0)
        across, down = (int(part) for part in preset.ratio.split(":"))
        assert width * down == height * across


@pytest.mark.parametrize("model", FREE)
@pytest.mark.parametrize(
    "size", ["1024x640", "640x1024", "1456x486x", "3840x2160", "2160x3840", "1408x480", "2880x2880"]
)
def test_it_takes_free_sizes_up_to_their_limits(model: str, size: str) -> None:
    expected = ["size"] if size.endswith("x") else []

    assert params(ask(model, size=size)) == expected


@pytest.mark.parametrize("model", FREE)
@pytest.mark.parametrize(
    ("size", "words"),
    [
        ("1000x1000", "needs width and height in steps of 16; 1000x1000 is not. Try 1008x1008."),
        ("1040x1032", "steps of 16"),
        ("3840x1264", "takes shapes up to 3:1; 3840x1264 is longer. Try 3792x1264."),
        ("3856x2160", "takes edges up to 3840 pixels; 3856x2160 has a longer one."),
        ("800x800", "needs 655,360 pixels or more; 800x800 has 640,000. Try 816x816."),
        ("2896x2880", "takes up to 8,294,400 pixels; 2896x2880 has 8,340,480."),
    ],
)
def test_it_explains_what_is_wrong_with_a_free_size(model: str, size: str, words: str) -> None:
    [(param, message)] = messages(ask(model, size=size))

    assert param == "size"
    assert message.startswith(MODELS[model].label)
    assert words in message


@pytest.mark.parametrize(
    "size",
    [
        "",
        "1024",
        "x",
        "1024X1024",
        "0x1024",
        "01024x1024",
        "1024x1024 ",
        "-16x16",
        "\u0661024x1024",
    ],
)
def test_it_explains_how_a_size_is_written(size: str) -> None:
    [(param, message)] = messages(ask(size=size))

    assert param == "size"
    assert 'A size is written as "1536x1024", or "auto"' in message


@pytest.mark.parametrize("model", FIXED)
@pytest.mark.parametrize("size", ["2048x2048", "1024x1040", "big"])
def test_it_lists_the_sizes_of_a_model_with_few(model: str, size: str) -> None:
    [(param, message)] = messages(ask(model, size=size))

    name = MODELS[model].label
    expected = f"{name} draws 1024x1024, 1536x1024 and 1024x1536 only; {size} is not one of them."
    assert (param, message) == ("size", expected)


@pytest.mark.parametrize(
    ("model", "quality", "is_known"),
    [
        ("gpt-image-2.6-flare", "max", True),
        ("gpt-image-2.5-sunburst", "xhigh", True),
        ("gpt-image-2", "high", True),
        ("gpt-image-2", "xhigh", False),
        ("gpt-image-1.5", "max", False),
        ("gpt-image-1-mini", "xhigh", False),
        ("gpt-image-2.6-flare", "hd", False),
        ("gpt-image-2.6-flare", "standard", False),
    ],
)
def test_it_knows_the_qualities_of_each_model(model: str, quality: str, is_known: bool) -> None:
    assert params(ask(model, quality=quality)) == ([] if is_known else ["quality"])


def test_it_says_which_qualities_there_are() -> None:
    assert messages(ask(quality="xhigh")) == [
        ("quality", "GPT Image 2 has no quality xhigh. Choose auto, low, medium or high.")
    ]


@pytest.mark.parametrize("output_format", ["gif", "svg"])
def test_it_does_not_offer_formats_that_need_access(output_format: str) -> None:
    [(param, message)] = messages(ask("gpt-image-2.6-flare", output_format=output_format))

    assert param == "output_format"
    assert "for accounts with preview access only. Choose png, webp or jpeg." in message


@pytest.mark.parametrize("output_format", ["gif", "svg", "bmp"])
def test_it_refuses_formats_that_a_model_does_not_have(output_format: str) -> None:
    assert params(ask("gpt-image-2", output_format=output_format)) == ["output_format"]


@pytest.mark.parametrize(
    ("output_format", "expected"), [("png", []), ("webp", []), ("jpeg", ["background"])]
)
def test_it_wants_a_format_with_transparency_for_it(
    output_format: str, expected: list[str]
) -> None:
    assert params(ask(background="transparent", output_format=output_format)) == expected


@pytest.mark.parametrize(
    ("output_format", "expected"), [("png", ["output_compression"]), ("webp", []), ("jpeg", [])]
)
def test_it_compresses_webp_and_jpeg_only(output_format: str, expected: list[str]) -> None:
    assert params(ask(output_compression=60, output_format=output_format)) == expected


@pytest.mark.parametrize(
    ("compression", "is_fine"), [(0, True), (100, True), (-1, False), (101, False)]
)
def test_it_compresses_from_0_to_100(compression: int, is_fine: bool) -> None:
    request = ask(output_format="webp", output_compression=compression)

    assert params(request) == ([] if is_fine else ["output_compression"])


@pytest.mark.parametrize(
    ("n", "is_fine"), [(1, True), (10, True), (0, False), (11, False), (-3, False)]
)
def test_it_draws_one_to_ten_at_once(n: int, is_fine: bool) -> None:
    assert params(ask(n=n)) == ([] if is_fine else ["n"])


def test_it_draws_one_svg_at_once() -> None:
    request = ask("gpt-image-2.6-flare", output_format="svg", n=2)

    assert ("output_format", "svg comes one at a time. Ask for 1 image.") in messages(request)


@pytest.mark.parametrize("prompt", ["", "  \n\t"])
def test_it_wants_a_prompt(prompt: str) -> None:
    assert messages(ask(prompt=prompt)) == [("prompt", "Write what you want to see.")]


def test_it_reads_prompts_up_to_their_limit() -> None:
    assert messages(ask(prompt="x" * 32_000)) == []
    assert messages(ask(prompt="x" * 32_001)) == [
        ("prompt", "The prompt has 32,001 characters; GPT Image 2 reads up to 32,000.")
    ]


@pytest.mark.parametrize("character", ["\x00", "\ud800"])
def test_it_refuses_what_no_database_can_keep(character: str) -> None:
    assert params(ask(prompt=f"otter{character}")) == ["prompt"]


@pytest.mark.parametrize(("field", "value"), [("background", "blue"), ("moderation", "off")])
def test_it_refuses_choices_that_there_are_not(field: str, value: str) -> None:
    assert params(ask(**{field: value})) == [field]


def test_it_names_every_problem_at_once() -> None:
    request = ask(
        prompt="", size="7", quality="hd", n=0, background="transparent", output_format="jpeg"
    )

    assert params(request) == ["prompt", "size", "quality", "n", "background"]


@pytest.mark.parametrize("name", ["gpt-image-1", "dall-e-3", "dall-e-2"])
def test_it_says_what_became_of_a_model_that_is_gone(name: str) -> None:
    [(param, message)] = messages(ask(name))

    assert param == "model"
    assert f"{name} ended on 2026-" in message
    assert f"Use {DEFAULT_MODEL} instead." in message


def test_it_suggests_a_model_for_an_unknown_one() -> None:
    assert messages(ask("gpt-imagine")) == [
        ("model", f"There is no model gpt-imagine. Try {DEFAULT_MODEL}.")
    ]


@pytest.mark.parametrize("model", FIXED)
def test_it_warns_of_a_model_that_ends_soon(model: str) -> None:
    spec = Catalogue(today=TODAY).spec_of(model)

    assert spec is not None
    assert spec.warning(TODAY) == (
        f"{spec.label} ends on 1 December 2026. Use {DEFAULT_MODEL} instead."
    )


@pytest.mark.parametrize("model", FIXED)
def test_it_refuses_a_model_from_its_last_day_on(model: str) -> None:
    [(param, message)] = messages(ask(model), DECEMBER)

    assert param == "model"
    assert "ended on 1 December 2026" in message


def test_it_offers_the_default_first_and_no_snapshots() -> None:
    names = [spec.name for spec in offered(TODAY)]

    assert names[0] == DEFAULT_MODEL
    assert len(names) == 8
    assert all(MODELS[name].snapshot_of is None for name in names)


def test_it_stops_offering_what_has_ended() -> None:
    names = {spec.name for spec in offered(DECEMBER)}

    assert names.isdisjoint(FIXED)
    assert len(names) == 5


@pytest.mark.parametrize("model", MODELS)
def test_it_says_how_it_knows(model: str) -> None:
    spec = MODELS[model]

    assert spec.source
    assert spec.checked_on <= TODAY
    assert spec.snapshot_of is None or spec.snapshot_of in MODELS


@pytest.mark.parametrize("model", ["gpt-image-2"])
def test_it_always_suggests_a_size_that_it_takes(model: str) -> None:
    rule = MODELS[model].sizes
    edges = (10, 16, 100, 799, 1000, 1024, 3000, 3841, 9999, 99_999)

    for width in edges:
        for height in edges:
            near_width, near_height = rule.nearest(width, height)  # type: ignore[union-attr]
            assert rule.problem(model, f"{near_width}x{near_height}") is None


@pytest.mark.parametrize(
    ("quality", "reason"),
    [("high", None), ("xhigh", "GPT Image 2 has no quality xhigh.")],
)
def test_it_says_why_an_option_is_off(quality: str, reason: str | None) -> None:
    problem = MODELS["gpt-image-2"].problem_with("quality", quality)

    assert (problem.message if problem else None) == reason
