"""What a request may cost and what an answer did cost, in whole millionths of a US dollar.

Rates, tokens and factors are data with a date. What we do not know is None, never zero.
Source: OpenAI's pricing and model pages as read on 2026-11-29; the formula was fitted to their
price points and gives all of them exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from imagestudio.images_api.frames import DEFAULT_FRAMES, FrameRule
from imagestudio.images_api.models import known
from imagestudio.images_api.sizes import parse_size
from imagestudio.images_api.types import ImageRequest, InputFacts, Usage

PRICE_VERSION = "2026-11-29"
MICROUSD = 1_000_000
CHARACTERS_PER_TOKEN = 4

PARTIAL_IMAGE_TOKENS = 100
SQUARE_INPUT_TOKENS = 1024

# Sizes that stand for "auto": the model mostly picks one of these.
_USUAL_SIZES = ((1024, 1024), (1536, 1024))
_USUAL_FRAMES = ((512, 512), (768, 768))
_MAX_INPUT_RATIO = 3
_UNSEEN = 1536  # What a picture of 2:3 counts; nobody here knows the shape of one elsewhere.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Micro-USD for a million tokens; None where no price is published."""

    text_in: int
    image_in: int
    image_out: int
    text_out: int | None


@dataclass(frozen=True, slots=True)
class FreeTokens:
    """Tokens of a picture by size, by the fitted formula; `planning` corrects it per quality."""

    factors: Mapping[str, int]
    planning: Mapping[str, Fraction]

    def of(self, quality: str, width: int, height: int) -> int | None:
        factor = self.factors.get(quality)
        if factor is None:
            return None
        long, short = max(width, height), min(width, height)
        tiles = factor * ((2 * factor * short + long) // (2 * long))
        tokens = Fraction(tiles * (2_000_000 + width * height), 4_000_000)
        return math.ceil(math.ceil(tokens) * self.planning.get(quality, Fraction(1)))


@dataclass(frozen=True, slots=True)
class ListedTokens:
    """Tokens of a picture for the three sizes that the first generation has."""

    square: Mapping[str, int]
    portrait: Mapping[str, int]
    landscape: Mapping[str, int]

    def of(self, quality: str, width: int, height: int) -> int | None:
        by_size = {
            (1024, 1024): self.square,
            (1024, 1536): self.portrait,
            (1536, 1024): self.landscape,
        }
        return by_size.get((width, height), {}).get(quality)


@dataclass(frozen=True, slots=True)
class Price:
    rates: Rates
    tokens: FreeTokens | ListedTokens
    counts_inputs: bool = True  # Whether we know what a reference picture costs.


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a request will cost, as a range; None where nobody knows."""

    low_microusd: int | None
    high_microusd: int | None
    prompt_tokens: int = 0
    image_tokens_low: int | None = None
    image_tokens_high: int | None = None
    input_tokens_low: int = 0  # Of the pictures that go along.
    input_tokens_high: int | None = 0
    price_version: str = PRICE_VERSION


def estimate(request: ImageRequest) -> Estimate:
    """Give the range that a request's cost will lie in, all its images and its prompt together.

    With `auto` for the quality it reaches up to the dearest one, because the model may choose it.
    Previews may come or not; what the author of an SVG will ask for is not known beforehand.
    """
    prompt_tokens = count_prompt_tokens(request.prompt)
    price = _price_of(request.model)
    tokens = _possible_tokens(request, price) if price else []
    if price is None or not tokens:
        return Estimate(None, None, prompt_tokens)
    low = min(tokens) * request.n
    high = max(tokens) * request.n + PARTIAL_IMAGE_TOKENS * request.partial_images
    inputs_low, inputs_high = _possible_inputs(request, price)
    is_open = inputs_high is None or request.output_format == "svg"
    return Estimate(
        low_microusd=_cost(price.rates, prompt_tokens, inputs_low, low),
        high_microusd=None
        if is_open
        else _cost(price.rates, prompt_tokens, inputs_high or 0, high),
        prompt_tokens=prompt_tokens,
        image_tokens_low=low,
        image_tokens_high=high,
        input_tokens_low=inputs_low,
        input_tokens_high=inputs_high,
    )


def actual_microusd(model: str, usage: Usage | None) -> int | None:
    """Compute what an answer cost from its usage; None when a rate that it needs is unknown.

    An upper bound: the Images API does not say which input tokens were cached.
    """
    price = _price_of(model)
    if price is None or usage is None:
        return None
    rates = price.rates
    # No picture is made of text alone: such an answer says nothing of what it cost.
    if usage.svg_tokens or not usage.image_out or (usage.text_out and rates.text_out is None):
        return None
    amount = (
        usage.text_in * rates.text_in
        + usage.image_in * rates.image_in
        + usage.image_out * rates.image_out
        + usage.text_out * (rates.text_out or 0)
    )
    return _rounded(amount)


def rates_of(model: str) -> Rates | None:
    price = _price_of(model)
    return price.rates if price else None


def image_tokens(model: str, quality: str, width: int, height: int) -> int | None:
    """Give the output tokens of one picture of a named quality."""
    price = _price_of(model)
    return price.tokens.of(quality, width, height) if price else None


def frame_tokens(
    model: str, quality: str, size: tuple[int, int], frame_count: int | None
) -> int | None:
    """Give the output tokens of a GIF: those of the sheet that holds all its frames."""
    spec = known(model)
    rule: FrameRule | None = spec.frames if spec else None
    sheet = rule.sheet_for(size, frame_count or DEFAULT_FRAMES) if rule else None
    return image_tokens(model, quality, *sheet) if sheet else None


def input_tokens(width: int, height: int) -> int:
    """Guess the tokens of one picture that goes along; its shape counts, its size does not."""
    ratio = Fraction(max(width, height), max(1, min(width, height)))
    return math.ceil(SQUARE_INPUT_TOKENS * min(ratio, Fraction(_MAX_INPUT_RATIO)))


def split_microusd(total: int | None, count: int) -> list[int | None]:
    """Divide a request's cost among its pictures; the parts add up to the whole."""
    if total is None:
        return [None] * count
    return [total * (index + 1) // count - total * index // count for index in range(count)]


def count_prompt_tokens(prompt: str) -> int:
    """Guess a prompt's tokens; near enough, as a prompt is a hundredth of the cost."""
    return math.ceil(len(prompt) / CHARACTERS_PER_TOKEN)


def _possible_tokens(request: ImageRequest, price: Price) -> list[int]:
    """Give the tokens of one picture for each quality and size that the model may choose."""
    spec = known(request.model)
    named = tuple(name for name in spec.qualities if name != "auto") if spec else ()
    qualities = named if request.quality == "auto" else (request.quality,)
    is_gif = request.output_format == "gif"
    edges = parse_size(request.size)
    sizes = (edges,) if edges else _USUAL_FRAMES if is_gif else _USUAL_SIZES
    found = (
        frame_tokens(request.model, quality, size, request.frame_count)
        if is_gif
        else price.tokens.of(quality, *size)
        for quality in qualities
        for size in sizes
    )
    return [tokens for tokens in found if tokens is not None]


def _possible_inputs(request: ImageRequest, price: Price) -> tuple[int, int | None]:
    """Give the fewest and the most tokens of what goes along; a layer may count or not."""
    references = _tokens_of(request.inputs) + len(request.references) * _UNSEEN
    layers = _tokens_of(layer for layer in (request.mask, request.markup) if layer)
    if not references or price.counts_inputs:
        return references, references + layers
    return 0, None


def _tokens_of(facts: Iterable[InputFacts]) -> int:
    return sum(input_tokens(picture.width, picture.height) for picture in facts)


def _price_of(model: str) -> Price | None:
    spec = known(model)
    return PRICES.get(spec.snapshot_of or spec.name) if spec else None


def _cost(rates: Rates, text_in: int, image_in: int, image_out: int) -> int:
    amount = text_in * rates.text_in + image_in * rates.image_in + image_out * rates.image_out
    return _rounded(amount)


def _rounded(amount: int) -> int:
    return (amount + MICROUSD // 2) // MICROUSD


# Text is input only, say the model pages of these: whatever text an answer counts is not billed.
_RATES_2 = Rates(text_in=5_000_000, image_in=8_000_000, image_out=30_000_000, text_out=0)
_RATES_1_5 = Rates(text_in=5_000_000, image_in=8_000_000, image_out=32_000_000, text_out=10_000_000)
_RATES_MINI = Rates(text_in=2_000_000, image_in=2_500_000, image_out=8_000_000, text_out=None)

_FACTORS_2 = {"low": 16, "medium": 48, "high": 96}
_FACTORS_2_5 = {"low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96}
# No table of 2.6 is published. Measured: low and medium use three to four times the tokens of 2.5.
_PLANNING_2_6 = {"low": Fraction(42, 10), "medium": Fraction(32, 10)}

_V2_6 = Price(_RATES_2, FreeTokens(_FACTORS_2_5, _PLANNING_2_6))
_V2_5 = Price(_RATES_2, FreeTokens(_FACTORS_2_5, {}))
_V1_5 = Price(
    _RATES_1_5,
    ListedTokens(
        square={"low": 272, "medium": 1056, "high": 4160},
        portrait={"low": 408, "medium": 1584, "high": 6240},
        landscape={"low": 400, "medium": 1568, "high": 6208},
    ),
    counts_inputs=False,
)
# Published in dollars per image; these are the tokens that give them at its rate.
_MINI_OBLONG = {"low": 750, "medium": 1875, "high": 6500}

PRICES: Mapping[str, Price] = MappingProxyType(
    {
        "gpt-image-2.6-flare": _V2_6,
        "gpt-image-2.6-sunburst": _V2_6,
        "gpt-image-2.5-flare": _V2_5,
        "gpt-image-2.5-sunburst": _V2_5,
        "gpt-image-2": Price(_RATES_2, FreeTokens(_FACTORS_2, {})),
        "gpt-image-1.5": _V1_5,
        "chatgpt-image-latest": _V1_5,
        "gpt-image-1-mini": Price(
            _RATES_MINI,
            ListedTokens(
                square={"low": 625, "medium": 1375, "high": 4500},
                portrait=_MINI_OBLONG,
                landscape=_MINI_OBLONG,
            ),
            counts_inputs=False,
        ),
    }
)
