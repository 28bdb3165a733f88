"""What a request would cost, in words: the range, and what it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from imagestudio.images_api import pricing
from imagestudio.images_api.capabilities import ModelSpec
from imagestudio.images_api.params import LABELS
from imagestudio.images_api.pricing import MICROUSD, PARTIAL_IMAGE_TOKENS, Estimate
from imagestudio.images_api.types import ImageRequest
from jobs.pages import words
from jobs.pages.studio.composition import Composition

NO_PRICE = "No price yet"
# What is still missing when somebody has just begun says nothing about the price of the rest.
UNPRICED = {"prompt", "inputs", "mask", "markup"}


@dataclass(frozen=True, slots=True)
class PartView:
    name: str
    tokens: str
    amount: str


@dataclass(frozen=True, slots=True)
class EstimateView:
    amount: str
    note: str
    parts: tuple[PartView, ...] = ()
    price_table: str = ""

    def __str__(self) -> str:
        return self.amount

    @property
    def is_known(self) -> bool:
        return bool(self.parts)


def estimate(composition: Composition) -> EstimateView:
    if any(problem.param not in UNPRICED for problem in composition.problems()):
        return EstimateView(NO_PRICE, "once the settings fit")
    request = composition.provider.as_sent(composition.request)
    guess = pricing.estimate(request)
    amount = words.money_range(guess.low_microusd, guess.high_microusd)
    parts = tuple(_parts(request, composition.spec, guess))
    return EstimateView(amount, words.pictures(request.n), parts, _day(guess.price_version))


def _parts(request: ImageRequest, spec: ModelSpec, guess: Estimate) -> Iterator[PartView]:
    rates = pricing.rates_of(spec.name)
    text = (guess.prompt_tokens, guess.prompt_tokens)
    yield _part("Your words", text, rates.text_in if rates else None)
    if request.inputs:
        given = (guess.input_tokens_low, guess.input_tokens_high)
        yield _part("Your pictures", given, rates.image_in if rates else None)
    previews = PARTIAL_IMAGE_TOKENS * request.partial_images
    high = None if guess.image_tokens_high is None else guess.image_tokens_high - previews
    made = (guess.image_tokens_low, high)
    yield _part("New pictures", made, rates.image_out if rates else None)
    if previews:
        yield _part(LABELS["partial_images"], (0, previews), rates.image_out if rates else None)


def _part(name: str, tokens: tuple[int | None, int | None], rate: int | None) -> PartView:
    low, high = tokens
    amounts = [None if n is None or rate is None else n * rate // MICROUSD for n in tokens]
    return PartView(name, _token_words(low, high), words.money_range(amounts[0], amounts[1]))


def _token_words(low: int | None, high: int | None) -> str:
    if low is None:
        return "unknown"
    if high is None:
        return f"from {low:,}"
    return f"{high:,}" if low == high else f"{low:,} {words.TO} {high:,}"


def _day(version: str) -> str:
    day = date.fromisoformat(version)
    return f"{day.day} {day:%B %Y}"
