"""Plants on paper, spheres and layers of cut paper."""

from __future__ import annotations

import math
import random

from imagestudio.sandbox.drawing.canvas import Canvas, Colour, Point, mix
from imagestudio.sandbox.drawing.palettes import Palette


def draw_botanical(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    w, h, unit = canvas.width, canvas.height, canvas.unit
    sun = (w * rng.uniform(0.32, 0.68), h * rng.uniform(0.3, 0.42))
    _draw_arch(canvas, rng, palette)
    canvas.disc(sun, unit * rng.uniform(0.15, 0.2), palette.light)
    greens = (palette.near, palette.far, mix(palette.near, palette.far, 0.5), palette.accent)
    for number in range(5):
        foot = (w * (0.5 + (number - 2) * 0.07 + rng.uniform(-0.02, 0.02)), h * 0.98)
        lean = (number - 2) * 0.16 + rng.uniform(-0.05, 0.05)
        tall = h * rng.uniform(0.56, 0.78) * (1 - 0.1 * abs(number - 2))
        _draw_stem(canvas, rng, foot, lean, tall, greens[number % len(greens)])
    berries = [
        (w * rng.uniform(0.16, 0.84), h * rng.uniform(0.12, 0.8), unit * rng.uniform(0.003, 0.008))
        for _ in range(18)
    ]
    canvas.dots(berries, palette.accent)


def draw_orbs(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    w, h, unit = canvas.width, canvas.height, canvas.unit
    floor = h * 0.7
    ground = [(0.0, floor), (float(w), floor), (float(w), float(h)), (0.0, float(h))]
    canvas.polygon(ground, (mix(palette.sky[-1], palette.far, 0.3), palette.sky[0]))
    canvas.glow((w * 0.28, h * 0.2), unit * 0.9, palette.light, 0.75)
    arch = (w * rng.uniform(0.55, 0.7), floor)
    canvas.disc(arch, unit * 0.36, mix(palette.far, palette.sky[-1], 0.45))
    canvas.polygon(ground, (mix(palette.sky[-1], palette.far, 0.3), palette.sky[0]))
    tones = [
        palette.accent,
        palette.far,
        palette.light,
        palette.near,
        mix(palette.far, palette.near, 0.5),
    ]
    rng.shuffle(tones)
    # One place for each, or they would hide one another.
    columns = [0.16, 0.33, 0.5, 0.67, 0.84]
    rng.shuffle(columns)
    places = [(column + rng.uniform(-0.03, 0.03), step / 5) for step, column in enumerate(columns)]
    for number, (across, down) in enumerate(places):
        radius = unit * rng.choice((0.055, 0.085, 0.125)) * (0.85 + 0.5 * down)
        centre = (w * across, floor + unit * 0.2 * down - radius * 0.8 + unit * 0.02)
        foot = (centre[0] + radius * 0.35, centre[1] + radius * 0.97)
        canvas.ellipse(
            foot, (radius * 1.15, radius * 0.22), palette.near, opacity=0.35, blur=unit * 0.012
        )
        tone = tones[number % len(tones)]
        canvas.sphere(centre, radius, tone, mix(tone, palette.near, 0.72))


def draw_paper(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    """Stack wavy sheets that throw soft shadows on each other."""
    w, h, unit = canvas.width, canvas.height, canvas.unit
    sun = (w * rng.uniform(0.3, 0.7), h * rng.uniform(0.2, 0.3))
    canvas.glow(sun, unit * 0.6, palette.light, 0.8)
    canvas.disc(sun, unit * rng.uniform(0.1, 0.15), palette.light)
    sheets = 8
    phase, turn = rng.uniform(0, 6.28), rng.uniform(0.5, 0.9)
    for sheet in range(sheets):
        depth = sheet / (sheets - 1)
        base, swing = h * (0.36 + 0.56 * depth), h * (0.085 - 0.03 * depth)
        edge = [
            (
                x * w / 80,
                base
                + swing * math.sin(x / 80 * 6.28 * 0.8 + phase + sheet * turn)
                + swing * 0.4 * math.sin(x / 80 * 6.28 * 1.9 + phase * 2 - sheet * 0.6),
            )
            for x in range(-2, 83)
        ]
        area = [*edge, (w * 1.03, float(h)), (-w * 0.03, float(h))]
        shadow = [(x, y - unit * 0.008) for x, y in area]
        canvas.polygon(shadow, palette.near, opacity=0.34, blur=unit * 0.014)
        tone = mix(palette.far, palette.near, depth)
        if sheet % 3 == 1:
            tone = mix(tone, palette.accent, 0.55)
        canvas.polygon(area, (mix(tone, palette.light, 0.16), mix(tone, palette.near, 0.2)))


def _draw_arch(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    """Draw nested arches, the frame of the picture."""
    w, h, unit = canvas.width, canvas.height, canvas.unit
    middle, top = w * 0.5, h * 0.5
    tones: list[Colour] = [
        mix(palette.sky[-1], palette.accent, 0.35),
        mix(palette.sky[-1], palette.far, 0.5),
        mix(palette.sky[0], palette.light, 0.3),
    ]
    rng.shuffle(tones)
    for number, tone in enumerate(tones):
        half = unit * (0.43 - 0.07 * number)
        turn = [
            (
                middle + half * math.cos(step * math.pi / 40),
                top - half * math.sin(step * math.pi / 40),
            )
            for step in range(41)
        ]
        canvas.polygon([*turn, (middle - half, h * 1.01), (middle + half, h * 1.01)], tone)


def _draw_stem(
    canvas: Canvas, rng: random.Random, foot: Point, lean: float, tall: float, tone: Colour
) -> None:
    bend = rng.uniform(-0.12, 0.12)
    stem = [
        (
            foot[0] + tall * (lean * (step / 20) + bend * math.sin(step / 20 * math.pi)),
            foot[1] - tall * step / 20,
        )
        for step in range(21)
    ]
    canvas.stroke(stem, canvas.unit * 0.0055, tone)
    pairs = rng.randint(6, 8)
    slim = rng.uniform(0.24, 0.42)
    for pair in range(pairs):
        at = stem[5 + round(15 * pair / pairs)]
        length = tall * 0.2 * (1 - 0.5 * pair / pairs)
        for side in (-1, 1):
            angle = -math.pi / 2 + side * rng.uniform(0.75, 1.0) + lean
            _draw_leaf(canvas, at, angle, length * rng.uniform(0.85, 1.1), slim, tone)
    _draw_leaf(canvas, stem[-1], -math.pi / 2 + lean, tall * 0.12, slim, tone)


def _draw_leaf(
    canvas: Canvas, foot: Point, angle: float, length: float, slim: float, tone: Colour
) -> None:
    along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))

    def at(forward: float, aside: float) -> Point:
        return (
            foot[0] + length * (forward * along[0] + aside * across[0]),
            foot[1] + length * (forward * along[1] + aside * across[1]),
        )

    bulge = [
        (step / 12, slim * 0.5 * math.sin((step / 12) ** 0.85 * math.pi)) for step in range(13)
    ]
    upper = [at(forward, aside) for forward, aside in bulge]
    lower = [at(forward, -aside) for forward, aside in reversed(bulge)]
    canvas.polygon([*upper, *lower], tone)
    canvas.polygon([*upper, at(0.5, 0.0)], mix(tone, (255, 255, 255), 0.12))
    canvas.stroke(
        [at(0.0, 0.0), at(0.92, 0.0)], canvas.unit * 0.0018, mix(tone, (255, 255, 255), 0.4)
    )
