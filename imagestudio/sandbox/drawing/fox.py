"""A fox in the woods, which is what many people try first."""

from __future__ import annotations

import random

from imagestudio.sandbox.drawing.canvas import Canvas, Point, colour
from imagestudio.sandbox.drawing.land import draw_forest
from imagestudio.sandbox.drawing.palettes import Palette

_COAT, _DARK, _CREAM, _INK = (colour(code) for code in ("d9662f", "9c4521", "fdf3e4", "261816"))

# It sits and looks at us. In units of its height, from the tail in the back to the face in front.
_TAIL: list[Point] = [(0.1, 0.0), (0.42, 0.0), (0.6, -0.1), (0.68, -0.28), (0.64, -0.46)]
_TAIL += [(0.52, -0.52), (0.5, -0.34), (0.38, -0.2), (0.12, -0.14)]
_TIP: list[Point] = [(0.64, -0.46), (0.52, -0.52), (0.515, -0.4), (0.58, -0.36), (0.672, -0.36)]
_BACK: list[Point] = [(-0.12, 0.0), (0.24, 0.0), (0.27, -0.16), (0.2, -0.4), (0.04, -0.58)]
_BODY: list[Point] = [(-0.34, 0.0), (0.14, 0.0), (0.1, -0.3), (0.03, -0.62), (-0.28, -0.62)]
_BODY += [(-0.34, -0.3)]
_CHEST: list[Point] = [(-0.22, -0.56), (-0.04, -0.56), (-0.02, -0.34), (-0.13, -0.12)]
_CHEST += [(-0.24, -0.34)]
_HEAD: list[Point] = [(-0.37, -1.0), (-0.2, -0.87), (-0.06, -0.87), (0.11, -1.0), (0.08, -0.74)]
_HEAD += [(0.02, -0.64), (-0.13, -0.53), (-0.28, -0.64), (-0.34, -0.74)]
_LEFT_EAR: list[Point] = [(-0.345, -0.945), (-0.24, -0.855), (-0.32, -0.79)]
_RIGHT_EAR: list[Point] = [(0.085, -0.945), (-0.02, -0.855), (0.06, -0.79)]
_CHEEKS: list[Point] = [(-0.31, -0.69), (-0.2, -0.68), (-0.13, -0.6), (-0.06, -0.68)]
_CHEEKS += [(0.05, -0.69), (0.0, -0.62), (-0.13, -0.53), (-0.26, -0.62)]
_PARTS = (
    (_TAIL, _COAT),
    (_TIP, _CREAM),
    (_BACK, _DARK),
    (_BODY, _COAT),
    (_CHEST, _CREAM),
    (_HEAD, _COAT),
    (_LEFT_EAR, _DARK),
    (_RIGHT_EAR, _DARK),
    (_CHEEKS, _CREAM),
)


def draw_fox(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    draw_forest(canvas, rng, palette)
    size = canvas.unit * 0.21
    x, y = canvas.width * rng.uniform(0.42, 0.56), canvas.height * 0.893
    shadow = (x + size * 0.1, y)
    canvas.ellipse(shadow, (size * 0.52, size * 0.05), palette.near, opacity=0.6)
    for outline, fill in _PARTS:
        canvas.polygon([(x + across * size, y + down * size) for across, down in outline], fill)
    eyes = [(x + across * size, y - 0.72 * size, size * 0.017) for across in (-0.2, -0.06)]
    canvas.dots([*eyes, (x - 0.13 * size, y - 0.575 * size, size * 0.021)], _INK)
