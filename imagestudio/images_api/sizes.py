"""Which sizes a model takes: a short list, or any that obeys a rule."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imagestudio.images_api.rules import Problem

AUTO = "auto"
_SIZE = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class SizePreset:
    """A size worth offering by name."""

    value: str
    label: str
    ratio: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedSizes:
    """A model that draws only the sizes on its list."""

    presets: tuple[SizePreset, ...]

    def problem(self, model: str, size: str) -> Problem | None:
        names = tuple(preset.value for preset in self.presets)
        if size in (AUTO, *names):
            return None
        rule = f"{model} draws {_listed(names)} only"
        message = f"{rule}; {size} is not one of them."
        return Problem("size", message, values=names, pieces=(f"{rule}.",))


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSizes:
    """A model that draws any size within its limits; the presets are suggestions."""

    presets: tuple[SizePreset, ...]
    step: int = 16
    max_ratio: int = 3
    max_edge: int = 3840
    min_pixels: int = 655_360
    max_pixels: int = 8_294_400
    experimental_above_pixels: int = 2560 * 1440

    def problem(self, model: str, size: str) -> Problem | None:
        if size == AUTO:
            return None
        edges = parse_size(size)
        if edges is None:
            message = f'A size is written as "1536x1024", or "auto"; {size[:40]} is neither.'
            return Problem("size", message)
        fault = self._fault(*edges)
        if fault is None:
            return None
        rule, excess = fault
        near = "{}x{}".format(*self.nearest(*edges))
        message = f"{model} {rule}; {size} {excess}. Try {near}."
        return Problem("size", message, values=(near,), pieces=(f"{model} {rule}.",))

    def nearest(self, width: int, height: int) -> tuple[int, int]:
        """Give an allowed size that is close in shape and area to the one wished for."""
        candidates = [size for size in self._around(width, height) if self._fault(*size) is None]
        return min(candidates, key=lambda size: _distance(size, (width, height)))

    def _fault(self, width: int, height: int) -> tuple[str, str] | None:
        """Say which limit is broken, ready to follow the model's name, and how, behind the size."""
        long, short, pixels = max(width, height), min(width, height), width * height
        if width % self.step or height % self.step:
            return f"needs width and height in steps of {self.step}", "is not"
        if long > self.max_ratio * short:
            return f"takes shapes up to {self.max_ratio}:1", "is longer"
        if long > self.max_edge:
            return f"takes edges up to {self.max_edge} pixels", "has a longer one"
        if pixels < self.min_pixels:
            return f"needs {self.min_pixels:,} pixels or more", f"has {pixels:,}"
        if pixels > self.max_pixels:
            return f"takes up to {self.max_pixels:,} pixels", f"has {pixels:,}"
        return None

    def _around(self, width: int, height: int) -> Iterator[tuple[int, int]]:
        """Bring a size within the limits as a real number, then look at the grid around it."""
        ratio = min(max(width / height, 1 / self.max_ratio), self.max_ratio)
        pixels = float(min(max(width * height, self.min_pixels), self.max_pixels))
        edge = math.sqrt(pixels * max(ratio, 1 / ratio))
        pixels = pixels if edge <= self.max_edge else self.max_edge**2 / max(ratio, 1 / ratio)
        ideal_width = math.sqrt(pixels * ratio)
        for column in range(-3, 4):
            for row in range(-3, 4):
                yield (
                    (round(ideal_width / self.step) + column) * self.step,
                    (round(ideal_width / ratio / self.step) + row) * self.step,
                )


SizeRule = FixedSizes | FreeSizes


def nearest_size(rule: SizeRule, size: str) -> str:
    """The size itself where the rule has it, else one that is close to it in shape and area."""
    edges = parse_size(size)
    if edges is None or rule.problem("", size) is None:
        return size
    if isinstance(rule, FreeSizes):
        return "{}x{}".format(*rule.nearest(*edges))
    return min((preset.value for preset in rule.presets), key=lambda value: _unlike(value, edges))


def parse_size(size: str) -> tuple[int, int] | None:
    """Read "WIDTHxHEIGHT"; None for everything else, "auto" too."""
    match = _SIZE.fullmatch(size)
    return (int(match[1]), int(match[2])) if match else None


def _distance(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Measure how unlike two sizes are; a change of shape is seen before a change of scale."""
    columns, rows = math.log(one[0] / other[0]), math.log(one[1] / other[1])
    return 4 * abs(columns - rows) + abs(columns + rows)


def _unlike(value: str, edges: tuple[int, int]) -> float:
    return _distance(parse_size(value) or edges, edges)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1]
