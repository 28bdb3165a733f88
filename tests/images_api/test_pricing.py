"""Every price point that was published, and what we say where none was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from imagestudio.images_api.capabilities import MODELS
from imagestudio.images_api.pricing import (
    PRICE_VERSION,
    actual_microusd,
    estimate,
    image_tokens,
    input_tokens,
    split_microusd,
)
from imagestudio.images_api.types import ImageRequest, Usage
from tests.images_api.conftest import Facts

FIVE = ("low", "medium", "high", "xhigh", "max")
THREE = ("low", "medium", "high")

# Tokens and dollars of one picture, as published.
V2_5 = {
    "1024x1024": ((196, 439, 1756, 3122, 7024), (0.0059, 0.0132, 0.0527, 0.0937, 0.2107)),
    "1536x1024": ((158, 343, 1372, 2459, 5488), (0.0047, 0.0103, 0.0412, 0.0738, 0.1646)),
    "1024x1536": ((158, 343, 1372, 2459, 5488), (0.0047, 0.0103, 0.0412, 0.0738, 0.1646)),
    "2048x1152": ((157, 367, 1413, 2511, 5650), (0.0047, 0.0110, 0.0424, 0.0753, 0.1695)),
    "2048x2048": ((397, 892, 3568, 6343, 14272), (0.0119, 0.0268, 0.1070, 0.1903, 0.4282)),
    "2560x1440": ((205, 478, 1843, 3276, 7370), (0.0062, 0.0143, 0.0553, 0.0983, 0.2211)),
    "3840x2160": ((371, 865, 3336, 5930, 13342), (0.0111, 0.0260, 0.1001, 0.1779, 0.4003)),
}
V2 = {
    "1024x1024": ((196, 1756, 7024), (0.006, 0.053, 0.211)),
    "1536x1024": ((158, 1372, 5488), (0.005, 0.041, 0.165)),
    "1024x1536": ((158, 1372, 5488), (0.005, 0.041, 0.165)),
}
V1_5 = {
    "1024x1024": ((272, 1056, 4160), (0.009, 0.034, 0.133)),
    "1024x1536": ((408, 1584, 6240), (0.013, 0.05, 0.2)),
    "1536x1024": ((400, 1568, 6208), (0.013, 0.05, 0.2)),
}
MINI = {
    "1024x1024": (0.005, 0.011, 0.036),
    "1024x1536": (0.006, 0.015, 0.052),
    "1536x1024": (0.006, 0.015, 0.052),
}


def points() -> Iterator[tuple[str, str, str, int, object]]:
    # The last column says how far a printed price is rounded.
    tables = (
        ("gpt-image-2.5-flare", V2_5, FIVE, 0.00006),
        ("gpt-image-2.5-sunburst-2026-09-08", V2_5, FIVE, 0.00006),
        ("gpt-image-2", V2, THREE, 0.0005),
        ("gpt-image-1.5", V1_5, THREE, 0.0015),
        ("chatgpt-image-latest", V1_5, THREE, 0.0015),
    )
    for model, table, qualities, rounding in tables:
        for size, (tokens, dollars) in table.items():
            for quality, count, price in zip(qualities, tokens, dollars, strict=True):
                yield model, size, quality, count, pytest.approx(price, abs=rounding)


def request(model: str, size: str = "1024x1024", quality: str = "high", n: int = 1) -> ImageRequest:
    return ImageRequest(model=model, prompt="", size=size, quality=quality, n=n)


def usage(**tokens: int) -> Usage:
    given = {"text_in": 0, "image_in": 0, "text_out": 0, "image_out": 0} | tokens
    total_in = given["text_in"] + given["image_in"]
    return Usage(total_in, given["text_out"] + given["image_out"], **given, raw={})


@pytest.mark.parametrize(("model", "size", "quality", "tokens", "dollars"), list(points()))
def test_it_gives_every_published_price(
    model: str, size: str, quality: str, tokens: int, dollars: object
) -> None:
    width, height = (int(edge) for edge in size.split("x"))

    cost = estimate(request(model, size, quality))

    assert image_tokens(model, quality, width, height) == tokens
    assert cost.low_microusd == cost.high_microusd
    assert cost.low_microusd is not None
    assert cost.low_microusd / 1_000_000 == dollars


@pytest.mark.parametrize("size", MINI)
@pytest.mark.parametrize("quality", THREE)
def test_it_gives_every_published_price_of_mini(size: str, quality: str) -> None:
    cost = estimate(request("gpt-image-1-mini", size, quality))

    assert cost.low_microusd == round(MINI[size][THREE.index(quality)] * 1_000_000)


def test_it_plans_2_6_from_what_was_measured() -> None:
    tokens = [image_tokens("gpt-image-2.6-flare", quality, 1536, 1024) for quality in FIVE]

    assert tokens == [664, 1098, 1372, 2459, 5488]


def test_it_adds_the_prompt_once_and_each_picture() -> None:
    cost = estimate(
        ImageRequest(model="gpt-image-2", prompt="x" * 399, size="1024x1024", quality="high", n=3)
    )

    assert cost.prompt_tokens == 100
    assert cost.image_tokens_high == 3 * 7024
    assert cost.high_microusd == 100 * 5 + 3 * 7024 * 30


def test_it_reaches_from_the_cheapest_to_the_dearest_quality_for_auto() -> None:
    cost = estimate(request("gpt-image-2.5-flare", quality="auto"))

    assert (cost.image_tokens_low, cost.image_tokens_high) == (196, 7024)


def test_it_reaches_over_the_usual_sizes_for_auto() -> None:
    cost = estimate(request("gpt-image-2.5-flare", size="auto"))

    assert (cost.image_tokens_low, cost.image_tokens_high) == (1372, 1756)


@pytest.mark.parametrize(
    "unknown",
    [
        request("gpt-image-9"),
        request("dall-e-3"),
        request("gpt-image-1.5", size="1040x1040"),
        request("gpt-image-2", quality="xhigh"),
        ImageRequest(model="gpt-image-2", prompt="x", output_format="gif"),
        ImageRequest(model="gpt-image-2.6-flare", prompt="", output_format="gif", size="1040x1040"),
    ],
)
def test_it_says_unknown_where_it_is(unknown: ImageRequest) -> None:
    cost = estimate(unknown)

    assert (cost.low_microusd, cost.high_microusd) == (None, None)


def test_it_names_the_version_of_its_prices() -> None:
    assert estimate(request("gpt-image-2")).price_version == PRICE_VERSION == "2026-11-29"


def test_it_knows_a_price_for_every_model_that_it_offers() -> None:
    unpriced = [name for name in MODELS if estimate(request(name)).high_microusd is None]

    assert unpriced == []


def test_it_computes_what_an_answer_cost() -> None:
    used = usage(text_in=10, image_in=1024, image_out=1756)

    assert actual_microusd("gpt-image-2.6-flare", used) == 10 * 5 + 1024 * 8 + 1756 * 30
    assert actual_microusd("gpt-image-1.5", used) == 10 * 5 + 1024 * 8 + 1756 * 32


def test_it_rounds_half_a_millionth_up() -> None:
    assert actual_microusd("gpt-image-1-mini", usage(image_in=1, image_out=1)) == 11


def test_it_charges_text_that_came_out() -> None:
    assert actual_microusd("gpt-image-1.5", usage(text_out=7, image_out=1)) == 102


@pytest.mark.parametrize(
    "model",
    ["gpt-image-2", "gpt-image-2.5-flare", "gpt-image-2.6-sunburst", "gpt-image-2-2026-04-21"],
)
def test_d09_text_that_the_newer_models_count_is_not_billed(model: str) -> None:
    """They say that text is input only; one such token must not make a cost unknown."""
    assert actual_microusd(model, usage(text_out=7, image_out=100)) == 100 * 30


def test_it_does_not_guess_the_price_of_text_that_came_out() -> None:
    assert actual_microusd("gpt-image-1-mini", usage(text_out=7, image_out=1)) is None


@pytest.mark.parametrize("model", ["gpt-image-9", "dall-e-2"])
def test_it_does_not_guess_what_an_unknown_model_cost(model: str) -> None:
    assert actual_microusd(model, usage(image_out=1)) is None


def test_it_does_not_guess_the_cost_without_a_usage() -> None:
    assert actual_microusd("gpt-image-2", None) is None


def test_field_f07_it_knows_no_cost_where_no_picture_was_counted() -> None:
    assert actual_microusd("gpt-image-2", usage()) is None
    assert actual_microusd("gpt-image-2", usage(text_in=50, text_out=1756)) is None


def test_it_adds_previews_that_may_come() -> None:
    plain = estimate(request("gpt-image-2"))

    cost = estimate(replace(request("gpt-image-2"), partial_images=3))

    assert cost.low_microusd == plain.low_microusd
    assert cost.high_microusd == (plain.high_microusd or 0) + 3 * 100 * 30


@pytest.mark.parametrize(
    ("edges", "tokens"),
    [((1024, 1024), 1024), ((1024, 1536), 1536), ((3000, 2000), 1536), ((16, 4000), 3072)],
)
def test_it_counts_a_picture_that_goes_along_by_its_shape(
    edges: tuple[int, int], tokens: int
) -> None:
    assert input_tokens(*edges) == tokens


def test_it_adds_the_pictures_that_go_along(facts: Facts) -> None:
    plain = estimate(request("gpt-image-2"))

    cost = estimate(replace(request("gpt-image-2"), inputs=(facts(), facts(1024, 1536))))

    assert cost.low_microusd == cost.high_microusd == (plain.low_microusd or 0) + 2560 * 8


def test_it_does_not_know_whether_a_mask_is_charged(facts: Facts) -> None:
    cost = estimate(replace(request("gpt-image-2"), inputs=(facts(),), mask=facts()))

    assert (cost.input_tokens_low, cost.input_tokens_high) == (1024, 2048)


def test_it_does_not_guess_what_inputs_cost_with_the_first_generation(facts: Facts) -> None:
    cost = estimate(replace(request("gpt-image-1.5"), inputs=(facts(),)))

    assert cost.low_microusd == 4160 * 32
    assert cost.high_microusd is None


def gif(frame_count: int | None, size: str = "512x512") -> int:
    wanted = ImageRequest(
        model="gpt-image-2.6-flare",
        prompt="",
        output_format="gif",
        size=size,
        quality="high",
        frame_count=frame_count,
    )
    return estimate(wanted).image_tokens_high or 0


def test_the_price_of_a_gif_goes_in_steps() -> None:
    prices = {count: gif(count) for count in range(2, 17)}

    assert len({prices[count] for count in range(2, 9)}) == 1
    assert len({prices[count] for count in range(10, 13)}) == 1
    assert len({prices[count] for count in range(13, 17)}) == 1
    assert len(set(prices.values())) == 4


def test_a_gif_has_nine_frames_unless_told() -> None:
    assert gif(None) == gif(9) == image_tokens("gpt-image-2.6-flare", "high", 1536, 1536)


def test_it_does_not_know_what_the_author_of_an_svg_will_ask_for() -> None:
    cost = estimate(replace(request("gpt-image-2.6-flare"), output_format="svg"))

    assert cost.low_microusd == 1756 * 30
    assert cost.high_microusd is None
    used = replace(usage(image_out=1756), svg_tokens=1)
    assert actual_microusd("gpt-image-2.6-flare", used) is None


@pytest.mark.parametrize(("total", "count"), [(100, 3), (0, 2), (7, 10), (52_680, 1)])
def test_the_shares_of_the_pictures_add_up(total: int, count: int) -> None:
    shares = [share or 0 for share in split_microusd(total, count)]

    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1


def test_an_unknown_cost_has_unknown_shares() -> None:
    assert split_microusd(None, 2) == [None, None]
