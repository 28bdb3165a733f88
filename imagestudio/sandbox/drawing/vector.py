"""A drawing in SVG: plain shapes and a line of text, without anything that could run or load."""

from __future__ import annotations

import random
from xml.sax.saxutils import escape

from imagestudio.sandbox.drawing.canvas import seeded

_SHAPES = 14
_MAX_TITLE_CHARS = 60


def svg_of(prompt: str, width: int, height: int) -> bytes:
    rng = seeded(prompt)
    hue = rng.randrange(360)
    shapes = "\n  ".join(_disc(rng, hue, width, height) for _ in range(_SHAPES))
    unit = min(width, height)
    title = escape("".join(c if c.isprintable() else " " for c in prompt[:_MAX_TITLE_CHARS]))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
width="{width}" height="{height}">
  <title>{title}</title>
  <rect width="{width}" height="{height}" fill="hsl({hue}, 45%, 92%)"/>
  {shapes}
  <text x="{unit // 24}" y="{height - unit // 24}" font-family="sans-serif" \
font-size="{unit // 32}" fill="hsl({hue}, 30%, 25%)">SANDBOX · {title}</text>
</svg>
""".encode()


def _disc(rng: random.Random, hue: int, width: int, height: int) -> str:
    radius = round(min(width, height) * rng.uniform(0.04, 0.22))
    tone = (hue + rng.choice([0, 20, 40, 180])) % 360
    return (
        f'<circle cx="{rng.randrange(width)}" cy="{rng.randrange(height)}" r="{radius}" '
        f'fill="hsl({tone}, {rng.randint(40, 75)}%, {rng.randint(45, 75)}%)" '
        f'fill-opacity="{rng.uniform(0.35, 0.85):.2f}"/>'
    )
