"""A small painter's kit over Pillow: smooth shapes, gradients, glows and grain."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]
Fill = Colour | tuple[Colour, Colour]  # A pair runs from top to bottom of the shape.

_RIM = 180  # What Pillow's radial gradient reaches at the middle of an edge.
_SMOOTH = 2  # Shapes are drawn at twice the size and reduced, which softens their edges.


def colour(code: str) -> Colour:
    """Read "e07a5f"."""
    return int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)


def seeded(text: str) -> random.Random:
    """Give chance that is the same for the same text, in any process."""
    return random.Random(text)  # noqa: S311 It decides pictures, no secrets.


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Give a colour between two; `share` is how much there is of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


class Canvas:
    """A picture in the making; `unit` is its shorter edge, for sizes that suit any shape."""

    def __init__(self, width: int, height: int, sky: Sequence[Colour]) -> None:
        self.width = width
        self.height = height
        self.unit = min(width, height)
        self.image = gradient((width, height), sky)

    def polygon(
        self, points: Iterable[Point], fill: Fill, *, opacity: float = 1.0, blur: float = 0.0
    ) -> None:
        corners = list(points)
        self._stamp(_bounds(corners), corners, "polygon", fill, opacity, blur)

    def ellipse(
        self,
        centre: Point,
        radii: Point,
        fill: Fill,
        *,
        opacity: float = 1.0,
        blur: float = 0.0,
    ) -> None:
        (x, y), (across, down) = centre, radii
        corners = [(x - across, y - down), (x + across, y + down)]
        self._stamp(_bounds(corners), corners, "ellipse", fill, opacity, blur)

    def disc(
        self, centre: Point, radius: float, fill: Fill, *, opacity: float = 1.0, blur: float = 0.0
    ) -> None:
        self.ellipse(centre, (radius, radius), fill, opacity=opacity, blur=blur)

    def stroke(
        self, points: Sequence[Point], thickness: float, fill: Colour, *, opacity: float = 1.0
    ) -> None:
        """Draw a line with round joints; several thin ones cost as much as one wide shape."""
        left, top, right, bottom = _bounds(points)
        box = self._clip((left, top, right, bottom), thickness)
        if box is None:
            return
        mask = _blank(box)
        ImageDraw.Draw(mask).line(
            _moved(points, box), fill=255, width=max(1, round(thickness * _SMOOTH)), joint="curve"
        )
        self._paste(box, mask.reduce(_SMOOTH), fill, opacity)

    def glow(self, centre: Point, radius: float, fill: Colour, strength: float = 0.6) -> None:
        """Lay a soft light around a point."""
        x, y = centre
        box = self._clip((x - radius, y - radius, x + radius, y + radius), 0)
        if box is None:
            return
        size = max(2, round(radius * 2))
        curve = [round(255 * strength * _falloff(value / _RIM)) for value in range(256)]
        light = (
            Image.radial_gradient("L").point(curve).resize((size, size), Image.Resampling.BICUBIC)
        )
        left, top = round(x - radius), round(y - radius)
        mask = light.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
        self.image.paste(fill, box, mask)

    def sphere(self, centre: Point, radius: float, lit: Colour, dark: Colour) -> None:
        """Draw a ball that is lit from the upper left."""
        size = max(4, round(radius * 2))
        shade = Image.radial_gradient("L").resize((size * 2, size * 2), Image.Resampling.BICUBIC)
        shade = shade.crop(
            (round(size * 0.68), round(size * 0.72), round(size * 1.68), round(size * 1.72))
        )
        shade = shade.resize((size, size)).point([min(255, round(v * 1.55)) for v in range(256)])
        ball = Image.composite(
            Image.new("RGB", (size, size), dark), Image.new("RGB", (size, size), lit), shade
        )
        mask = Image.new("L", (size * _SMOOTH, size * _SMOOTH))
        ImageDraw.Draw(mask).ellipse((0, 0, size * _SMOOTH - 1, size * _SMOOTH - 1), fill=255)
        place = (round(centre[0] - radius), round(centre[1] - radius))
        self.image.paste(ball, place, mask.reduce(_SMOOTH))

    def dots(self, points: Iterable[tuple[float, float, float]], fill: Colour) -> None:
        """Draw many small discs, given as x, y and radius, at the price of one shape."""
        box = (0, 0, self.width, self.height)
        mask = _blank(box)
        pen = ImageDraw.Draw(mask)
        for x, y, radius in points:
            x, y, radius = x * _SMOOTH, y * _SMOOTH, radius * _SMOOTH
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        self._paste(box, mask.reduce(_SMOOTH), fill, 1.0)

    def bars(self, boxes: Iterable[tuple[float, float, float, float]], fill: Colour) -> None:
        """Draw many small rectangles at the price of one shape."""
        box = (0, 0, self.width, self.height)
        mask = _blank(box)
        pen = ImageDraw.Draw(mask)
        for left, top, right, bottom in boxes:
            pen.rectangle((left * _SMOOTH, top * _SMOOTH, right * _SMOOTH, bottom * _SMOOTH), 255)
        self._paste(box, mask.reduce(_SMOOTH), fill, 1.0)

    def haze(self, top: float, bottom: float, fill: Colour, strength: float) -> None:
        """Lay mist that thickens from `top` to `bottom`."""
        box = self._clip((0, top, self.width, bottom), 0)
        if box is None:
            return
        size = (box[2] - box[0], box[3] - box[1])
        curve = [round(value * strength) for value in range(256)]
        mask = Image.linear_gradient("L").point(curve).resize(size, Image.Resampling.BILINEAR)
        self.image.paste(fill, box, mask)

    def _stamp(
        self,
        bounds: tuple[float, float, float, float],
        corners: Sequence[Point],
        shape: str,
        fill: Fill,
        opacity: float,
        blur: float,
    ) -> None:
        box = self._clip(bounds, blur * 2.5)
        if box is None:
            return
        mask = _blank(box)
        getattr(ImageDraw.Draw(mask), shape)(_moved(corners, box), fill=255)
        mask = mask.reduce(_SMOOTH)
        if blur:
            mask = mask.filter(ImageFilter.GaussianBlur(blur))
        self._paste(box, mask, fill, opacity)

    def _paste(
        self, box: tuple[int, int, int, int], mask: Image.Image, fill: Fill, opacity: float
    ) -> None:
        if opacity < 1:
            mask = mask.point([round(value * opacity) for value in range(256)])
        if isinstance(fill[0], tuple):
            top, bottom = fill
            self.image.paste(gradient(mask.size, (top, bottom)), box, mask)
        else:
            self.image.paste(fill, box, mask)

    def _clip(
        self, bounds: tuple[float, float, float, float], margin: float
    ) -> tuple[int, int, int, int] | None:
        """Give the whole pixels of the canvas that a shape touches."""
        left = max(0, math.floor(bounds[0] - margin))
        top = max(0, math.floor(bounds[1] - margin))
        right = min(self.width, math.ceil(bounds[2] + margin) + 1)
        bottom = min(self.height, math.ceil(bounds[3] + margin) + 1)
        return (left, top, right, bottom) if left < right and top < bottom else None


def gradient(size: tuple[int, int], stops: Sequence[Colour]) -> Image.Image:
    """Run through the colours from top to bottom."""
    strip = Image.new("RGB", (1, 256))
    last = len(stops) - 1
    for row in range(256):
        place = row / 255 * last
        index = min(int(place), last - 1) if last else 0
        upper, lower = stops[index], stops[min(index + 1, last)]
        strip.putpixel((0, row), mix(upper, lower, place - index))
    return strip.resize(size, Image.Resampling.BILINEAR)


def add_grain(image: Image.Image, rng: random.Random, amount: int) -> Image.Image:
    """Add film grain: it hides the steps of gradients, and weighs what a real picture weighs."""
    noise = Image.frombytes("L", image.size, rng.randbytes(image.width * image.height))
    noise = noise.point([128 + round((value - 127.5) / 127.5 * amount) for value in range(256)])
    grain = Image.merge("RGB", (noise, noise, noise))
    return ImageChops.add(image, grain, offset=-128)


def _falloff(distance: float) -> float:
    return float(max(0.0, 1 - distance) ** 1.8)


def _blank(box: tuple[int, int, int, int]) -> Image.Image:
    return Image.new("L", ((box[2] - box[0]) * _SMOOTH, (box[3] - box[1]) * _SMOOTH))


def _moved(points: Sequence[Point], box: tuple[int, int, int, int]) -> list[Point]:
    return [((x - box[0]) * _SMOOTH, (y - box[1]) * _SMOOTH) for x, y in points]


def _bounds(points: Sequence[Point]) -> tuple[float, float, float, float]:
    columns, rows = [x for x, _ in points], [y for _, y in points]
    return min(columns), min(rows), max(columns), max(rows)
