"""Which pictures may go along with a request: references, a mask, a markup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imagestudio.images_api.rules import Problem
from imagestudio.images_api.types import ImageRequest, InputFacts

_MEGABYTE = 1_000_000  # As the API counts: the binary one would let through what fails there.


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRule:
    """The limits of what a model reads; pixels and edges are our own, against hostile files."""

    max_count: int = 16
    formats: tuple[str, ...] = ("png", "jpeg", "webp")
    max_bytes: int = 50 * _MEGABYTE
    max_pixels: int = 50_000_000
    max_edge: int = 16_384
    max_mask_bytes: int = 4 * _MEGABYTE
    takes_mask: bool = True
    takes_markup: bool = False

    def problems(self, model: str, request: ImageRequest) -> Iterator[Problem]:
        if request.operation == "generate":
            yield from _unused(request)
            return
        yield from self._problems_of_count(model, request)
        for number, facts in enumerate(request.inputs, 1):
            for message in self._faults(facts):
                yield Problem("inputs", f"Picture {number} {message}")
        yield from self._problems_of_mask(model, request)
        yield from self._problems_of_markup(model, request)

    def as_json(self) -> dict[str, object]:
        return {
            "max_count": self.max_count,
            "formats": list(self.formats),
            "max_bytes": self.max_bytes,
            "max_pixels": self.max_pixels,
            "max_edge": self.max_edge,
            "mask": {"formats": ["png"], "max_bytes": self.max_mask_bytes}
            if self.takes_mask
            else None,
            "markup": {"formats": ["png"], "max_bytes": self.max_bytes}
            if self.takes_markup
            else None,
        }

    def _problems_of_count(self, model: str, request: ImageRequest) -> Iterator[Problem]:
        count = len(request.inputs) + len(request.references)
        if request.operation == "vary" and count != 1:
            yield Problem("inputs", f"A variation is made of 1 picture, not {count}.")
        elif not count:
            yield Problem("inputs", "Add the picture that is to be edited.")
        elif count > self.max_count:
            yield Problem("inputs", f"{model} takes up to {self.max_count} pictures, not {count}.")

    def _faults(self, facts: InputFacts) -> Iterator[str]:
        if facts.format not in self.formats:
            yield f"is {facts.format[:20]}; only {', '.join(self.formats)} can be read."
        if facts.byte_count >= self.max_bytes:
            yield f"has {_megabytes(facts.byte_count)}; under {_megabytes(self.max_bytes)} is fine."
        if max(facts.width, facts.height) > self.max_edge:
            yield f"is longer than {self.max_edge:,} pixels."
        if facts.width * facts.height > self.max_pixels:
            yield f"has more than {self.max_pixels:,} pixels."

    def _problems_of_mask(self, model: str, request: ImageRequest) -> Iterator[Problem]:
        mask = request.mask
        if mask is None:
            return
        if request.operation == "vary" or not self.takes_mask:
            whose = "A variation" if request.operation == "vary" else model
            yield Problem("mask", f"{whose} takes no mask.")
            return
        yield from _problems_of_layer("mask", mask, request)
        if mask.byte_count >= self.max_mask_bytes:
            limit = _megabytes(self.max_mask_bytes)
            yield Problem(
                "mask", f"The mask has {_megabytes(mask.byte_count)}; it must stay under {limit}."
            )

    def _problems_of_markup(self, model: str, request: ImageRequest) -> Iterator[Problem]:
        markup = request.markup
        if markup is None:
            return
        if request.operation == "vary" or not self.takes_markup:
            whose = "A variation" if request.operation == "vary" else model
            yield Problem("markup", f"{whose} takes no markup.")
            return
        yield from _problems_of_layer("markup", markup, request)
        for message in self._faults(markup):
            yield Problem("markup", f"The markup {message}")


def _problems_of_layer(name: str, layer: InputFacts, request: ImageRequest) -> Iterator[Problem]:
    """Check what is laid over the first picture."""
    if layer.format != "png":
        yield Problem(name, f"The {name} must be a PNG, not {layer.format[:20]}.")
    elif not layer.has_alpha:
        yield Problem(name, f"The {name} has no transparency, so it says nothing.")
    first = request.inputs[0] if request.inputs else None
    if first and (layer.width, layer.height) != (first.width, first.height):
        sizes = f"{layer.width}x{layer.height}, the picture {first.width}x{first.height}"
        yield Problem(name, f"The {name} must be as large as the first picture: it is {sizes}.")


def _unused(request: ImageRequest) -> Iterator[Problem]:
    for name in ("inputs", "mask", "markup"):
        if getattr(request, name):
            yield Problem(name, "A picture from a prompt alone takes no pictures. Choose Edit.")


def _megabytes(byte_count: int) -> str:
    return f"{byte_count / _MEGABYTE:.1f} MB".replace(".0 MB", " MB")
