"""What may go along with an edit or a variation, and what a request may not combine."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from imagestudio.images_api.capabilities import MODELS, problems
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest, SvgAuthor
from tests.images_api.conftest import Facts

TODAY = date(2026, 11, 22)
FLARE = "gpt-image-2.6-flare"
MEGABYTE = 1_000_000
PREVIEWER = from_json({"preset": "sandbox", "name": "x", "base_url": "http://x", "api_key": ""})


@pytest.fixture
def edit(facts: Facts) -> ImageRequest:
    return ImageRequest(operation="edit", model=FLARE, prompt="a hat", inputs=(facts(),))


def messages(request: ImageRequest, provider: Provider | None = None) -> list[tuple[str, str]]:
    return [(found.param, found.message) for found in problems(request, TODAY, provider)]


def params(request: ImageRequest, provider: Provider | None = None) -> list[str]:
    return [param for param, _ in messages(request, provider)]


@pytest.mark.parametrize("model", MODELS)
def test_every_model_edits(edit: ImageRequest, model: str) -> None:
    assert messages(replace(edit, model=model)) == []


@pytest.mark.parametrize(("count", "is_fine"), [(0, False), (1, True), (16, True), (17, False)])
def test_an_edit_takes_1_to_16_pictures(
    edit: ImageRequest, facts: Facts, count: int, is_fine: bool
) -> None:
    assert params(replace(edit, inputs=(facts(),) * count)) == ([] if is_fine else ["inputs"])


def test_a_picture_from_a_prompt_takes_none(edit: ImageRequest, facts: Facts) -> None:
    request = replace(edit, operation="generate", mask=facts(has_alpha=True))

    assert params(request) == ["inputs", "mask"]


def test_an_edit_wants_words(edit: ImageRequest) -> None:
    assert messages(replace(edit, prompt=" ")) == [("prompt", "Write what is to be changed.")]


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_it_takes_pictures_of_the_usual_formats(
    edit: ImageRequest, facts: Facts, name: str
) -> None:
    assert messages(replace(edit, inputs=(facts(format=name),))) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"format": "gif"}, "Picture 2 is gif; only png, jpeg, webp can be read."),
        ({"byte_count": 50 * MEGABYTE}, "Picture 2 has 50 MB; under 50 MB is fine."),
        ({"width": 20_000, "height": 100}, "Picture 2 is longer than 16,384 pixels."),
        ({"width": 9_000, "height": 9_000}, "Picture 2 has more than 50,000,000 pixels."),
    ],
)
def test_it_names_the_picture_that_it_refuses(
    edit: ImageRequest, facts: Facts, fields: dict[str, Any], words: str
) -> None:
    assert messages(replace(edit, inputs=(facts(), facts(**fields)))) == [("inputs", words)]


def test_a_mask_is_a_transparent_png_of_the_first_pictures_size(
    edit: ImageRequest, facts: Facts
) -> None:
    request = replace(edit, inputs=(facts(), facts(64, 64)), mask=facts(has_alpha=True))

    assert messages(request) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"format": "webp"}, "The mask must be a PNG, not webp."),
        ({"has_alpha": False}, "The mask has no transparency, so it says nothing."),
        (
            {"width": 1008},
            "The mask must be as large as the first picture: it is 1008x1024, the picture "
            "1024x1024.",
        ),
        ({"byte_count": 4 * MEGABYTE}, "The mask has 4 MB; it must stay under 4 MB."),
    ],
)
def test_it_says_what_is_wrong_with_a_mask(
    edit: ImageRequest, facts: Facts, fields: dict[str, Any], words: str
) -> None:
    mask = facts(**{"has_alpha": True, **fields})

    assert messages(replace(edit, mask=mask)) == [("mask", words)]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (FLARE, []),
        ("gpt-image-2.5-sunburst", []),
        ("gpt-image-2", ["markup"]),
        ("gpt-image-1.5", ["markup"]),
    ],
)
def test_it_knows_which_models_read_a_markup(
    edit: ImageRequest, facts: Facts, model: str, expected: list[str]
) -> None:
    assert params(replace(edit, model=model, markup=facts(has_alpha=True))) == expected


@pytest.mark.parametrize("fields", [{"format": "jpeg"}, {"has_alpha": False}, {"height": 512}])
def test_a_markup_is_a_layer_too(edit: ImageRequest, facts: Facts, fields: dict[str, Any]) -> None:
    markup = facts(**{"has_alpha": True, **fields})

    assert params(replace(edit, markup=markup)) == ["markup"]


def test_a_mask_shuts_out_a_markup(edit: ImageRequest, facts: Facts) -> None:
    layer = facts(has_alpha=True)

    assert messages(replace(edit, mask=layer, markup=layer)) == [
        ("markup", "Use a mask or a markup, not both.")
    ]


def test_a_variation_is_made_of_one_picture_and_no_words(edit: ImageRequest, facts: Facts) -> None:
    vary = replace(edit, operation="vary", prompt="")

    assert messages(vary) == []
    assert params(replace(vary, inputs=(facts(), facts()))) == ["inputs"]
    assert params(replace(vary, mask=facts(has_alpha=True))) == ["mask"]


@pytest.mark.parametrize(
    ("model", "value", "is_fine"),
    [
        ("gpt-image-1.5", "high", True),
        ("gpt-image-1.5", "low", True),
        ("gpt-image-1-mini", "low", True),
        ("gpt-image-1-mini", "high", False),
        ("gpt-image-2", "high", False),
        (FLARE, "low", False),
    ],
)
def test_it_knows_the_fidelity_of_each_model(
    edit: ImageRequest, model: str, value: str, is_fine: bool
) -> None:
    request = replace(edit, model=model, input_fidelity=value)

    assert params(request) == ([] if is_fine else ["input_fidelity"])


def test_fidelity_is_for_edits_only() -> None:
    request = ImageRequest(model="gpt-image-1.5", prompt="x", input_fidelity="high")

    assert params(request) == ["input_fidelity"]


@pytest.mark.parametrize(
    ("model", "expected"), [(FLARE, []), ("gpt-image-2.5-flare", ["complexity"])]
)
def test_only_the_newest_plan(model: str, expected: list[str]) -> None:
    assert params(ImageRequest(model=model, prompt="x", complexity="low")) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"partial_images": 3}, []),
        ({"stream": True}, []),
        ({"partial_images": 4}, ["partial_images"]),
        ({"partial_images": -1}, ["partial_images"]),
        ({"partial_images": 1, "n": 2}, ["partial_images"]),
        ({"stream": True, "n": 2}, ["stream"]),
        ({"frame_count": 4}, ["frame_count"]),
        ({"frame_duration_ms": 100}, ["frame_duration_ms"]),
        ({"svg": SvgAuthor(model="gpt-5.6-terra")}, ["svg"]),
    ],
)
def test_it_knows_what_goes_together(fields: dict[str, Any], expected: list[str]) -> None:
    assert params(ImageRequest(model=FLARE, prompt="x", **fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"svg": SvgAuthor(model="gpt-5.6-terra", effort="max")}, []),
        ({"svg": SvgAuthor(model=" ")}, ["svg"]),
        ({"svg": SvgAuthor(model="x", effort="huge")}, ["svg"]),
        ({"n": 2}, ["output_format"]),
        ({"partial_images": 1}, ["partial_images"]),
        ({"stream": True}, ["stream"]),
        ({"output_compression": 50}, ["output_compression"]),
        ({"background": "transparent"}, []),
    ],
)
def test_it_knows_the_rules_of_svg(fields: dict[str, Any], expected: list[str]) -> None:
    request = ImageRequest(model=FLARE, prompt="x", output_format="svg", **fields)

    assert params(request, PREVIEWER) == expected


def test_it_keeps_previews_for_those_who_have_access() -> None:
    request = ImageRequest(model=FLARE, prompt="x", output_format="svg")

    assert params(request) == ["output_format"]
    assert params(request, PREVIEWER) == []
    assert params(replace(request, model="gpt-image-2"), PREVIEWER) == ["output_format"]


def test_it_tells_a_browser_what_may_go_along() -> None:
    newest, older = MODELS[FLARE].inputs.as_json(), MODELS["gpt-image-2"].inputs.as_json()

    assert newest["max_count"] == 16
    assert newest["markup"] is not None
    assert older["markup"] is None


@pytest.mark.parametrize(
    ("field", "byte_count"), [("inputs", 50_000_001), ("inputs", 52_000_000), ("mask", 4_100_000)]
)
def test_d11_a_file_between_the_two_kinds_of_megabyte_is_refused_here(
    facts: Facts, field: str, byte_count: int
) -> None:
    """The API counts in thousands: such a file passed here and failed there."""
    large = facts(byte_count=byte_count, has_alpha=True)
    given: dict[str, Any] = {"inputs": (facts(),)} | {
        field: (large,) if field == "inputs" else large
    }
    request = ImageRequest(operation="edit", model="gpt-image-2", prompt="x", **given)

    assert [problem.param for problem in problems(request)] == [field]
