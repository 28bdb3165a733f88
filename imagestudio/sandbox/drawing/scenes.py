"""The sea, the town and the sky at night."""

from __future__ import annotations

import math
import random

from imagestudio.sandbox.drawing.canvas import Canvas, Point, mix
from imagestudio.sandbox.drawing.land import crags, down_to, draw_reflection, waves
from imagestudio.sandbox.drawing.palettes import Palette


def draw_sea(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    horizon = _draw_water(canvas, rng, palette)
    _draw_boat(canvas, rng, horizon, palette)
    _draw_swell(canvas, rng, palette)
    _draw_birds(canvas, rng, palette)


def draw_lighthouse(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    horizon = _draw_water(canvas, rng, palette)
    _draw_tower(canvas, rng, horizon, palette)
    _draw_swell(canvas, rng, palette)
    _draw_birds(canvas, rng, palette)


def draw_city(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    w, h, unit = canvas.width, canvas.height, canvas.unit
    moon = (w * rng.uniform(0.2, 0.8), h * rng.uniform(0.16, 0.3))
    _draw_stars(canvas, rng, 90, 0.5)
    canvas.glow(moon, unit * 0.6, palette.light, 0.6)
    canvas.disc(moon, unit * rng.uniform(0.06, 0.1), palette.light)
    shore = round(h * 0.8)
    for layer in range(4):
        depth = layer / 3
        body = mix(palette.far, palette.near, depth)
        houses = _houses(rng, w, shore, h * (0.46 - 0.2 * depth), unit * (0.05 + 0.05 * depth))
        canvas.bars(houses, body)
        if layer:
            lit = mix(body, palette.accent, 0.35 + 0.5 * depth)
            canvas.bars(_windows(rng, houses, unit * 0.0065, 0.2 + 0.12 * depth), lit)
        canvas.haze(h * 0.5, shore, palette.sky[-1], 0.28 * (1 - depth))
    draw_reflection(canvas, rng, shore, mix(palette.near, palette.sky[1], 0.5))


def draw_cosmos(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    w, h, unit = canvas.width, canvas.height, canvas.unit
    for _ in range(6):
        place = (rng.uniform(0, w), rng.uniform(0, h))
        tint = rng.choice((palette.far, palette.accent, palette.sky[-1]))
        canvas.glow(place, unit * rng.uniform(0.4, 0.8), tint, rng.uniform(0.2, 0.42))
    _draw_stars(canvas, rng, 260, 1.0)
    planet = (w * rng.uniform(0.36, 0.64), h * rng.uniform(0.36, 0.52))
    radius = unit * rng.uniform(0.19, 0.25)
    tilt = rng.uniform(-0.5, 0.5)
    ring = [_turned(planet, radius * 1.75, radius * 0.42, tilt, step / 60) for step in range(61)]
    tone = mix(palette.light, palette.accent, 0.4)
    canvas.glow(planet, radius * 2.1, palette.accent, 0.35)
    canvas.stroke(ring[30:], unit * 0.012, tone, opacity=0.55)
    canvas.sphere(planet, radius, palette.accent, mix(palette.near, palette.far, 0.3))
    canvas.stroke(ring[:31], unit * 0.012, tone, opacity=0.9)
    moon = _turned(planet, radius * 1.9, radius * 1.2, tilt, rng.uniform(0.55, 0.95))
    canvas.sphere(moon, radius * 0.2, palette.light, palette.near)
    canvas.polygon(
        down_to(waves(rng, w, h * 0.9, h * 0.03, 0.9), h),
        (mix(palette.near, palette.far, 0.35), palette.near),
    )


def _draw_water(canvas: Canvas, rng: random.Random, palette: Palette) -> float:
    """Draw the sea under a low sun, and say where it ends."""
    w, h, unit = canvas.width, canvas.height, canvas.unit
    horizon = h * rng.uniform(0.5, 0.58)
    sun = (w * rng.uniform(0.34, 0.66), horizon - unit * rng.uniform(0.08, 0.2))
    canvas.glow(sun, unit * 0.8, palette.light, 0.85)
    canvas.disc(sun, unit * 0.085, palette.light)
    coast = crags(rng, w, horizon, h * 0.05, 0.5)
    canvas.polygon(down_to([(x, min(y, horizon)) for x, y in coast], horizon + 1), palette.far)
    deep = mix(palette.near, palette.far, 0.25)
    water = [(0.0, horizon), (float(w), horizon), (float(w), float(h)), (0.0, float(h))]
    canvas.polygon(water, (mix(palette.sky[-1], palette.far, 0.45), deep))
    _draw_glitter(canvas, rng, sun[0], horizon, palette)
    return horizon


def _draw_glitter(
    canvas: Canvas, rng: random.Random, x: float, horizon: float, palette: Palette
) -> None:
    depth = canvas.height - horizon
    bars = []
    for _ in range(190):
        down = rng.random() ** 1.4
        y = horizon + depth * down * 0.62
        spread = canvas.unit * (0.03 + 0.22 * down)
        middle = x + rng.gauss(0, spread * 0.5)
        half = canvas.unit * rng.uniform(0.004, 0.03) * (0.5 + down)
        bars.append((middle - half, y, middle + half, y + canvas.unit * (0.001 + 0.0022 * down)))
    canvas.bars(bars, mix(palette.light, palette.sky[-1], 0.25))


def _draw_tower(canvas: Canvas, rng: random.Random, horizon: float, palette: Palette) -> None:
    w, unit = canvas.width, canvas.unit
    side = rng.choice((0.17, 0.83))
    x, foot, tall = w * side, horizon + unit * 0.07, unit * 0.34
    rock = [(-0.2, 0.03), (-0.13, -0.035), (-0.05, -0.06), (0.06, -0.055), (0.14, -0.02)]
    outline = [(x + a * unit, foot + b * unit) for a, b in [*rock, (0.22, 0.03)]]
    head = foot - tall - unit * 0.04
    lamp = (x, head - unit * 0.02)
    canvas.glow(lamp, unit * 0.22, palette.light, 0.9)
    canvas.polygon(outline, (mix(palette.near, palette.far, 0.3), palette.near))
    lift = unit * 0.04
    white, red = mix(palette.light, palette.far, 0.12), palette.accent
    for band in range(5):
        low, high = foot - lift - tall * band / 5, foot - lift - tall * (band + 1) / 5
        wide, slim = unit * (0.034 - 0.003 * band), unit * (0.031 - 0.003 * band)
        tower = [(x - wide, low), (x - slim, high), (x + slim, high), (x + wide, low)]
        canvas.polygon(tower, red if band % 2 else white)
    canvas.bars([(x - unit * 0.015, head - unit * 0.034, x + unit * 0.015, head)], palette.light)
    gallery = (x - unit * 0.027, head - unit * 0.006, x + unit * 0.027, head + unit * 0.002)
    canvas.bars([gallery], palette.near)
    roof = [(-0.021, 0.0), (0.0, -0.028), (0.021, 0.0)]
    top = head - unit * 0.034
    canvas.polygon([(x + a * unit, top + b * unit) for a, b in roof], palette.near)


def _draw_boat(canvas: Canvas, rng: random.Random, horizon: float, palette: Palette) -> None:
    x, y = canvas.width * rng.uniform(0.25, 0.75), horizon + canvas.unit * 0.06
    size = canvas.unit * 0.11
    hull = [(-0.6, 0.0), (0.62, 0.0), (0.42, 0.2), (-0.42, 0.2)]
    main = [(0.03, -0.08), (0.03, -1.3), (0.62, -0.08)]
    jib = [(-0.05, -0.08), (-0.05, -1.05), (-0.5, -0.08)]
    for outline, fill in (
        (main, palette.light),
        (jib, mix(palette.light, palette.accent, 0.55)),
        (hull, palette.near),
    ):
        canvas.polygon([(x + a * size, y + b * size) for a, b in outline], fill)


def _draw_swell(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    """Draw the waves in front, each with a rim of light that swells and thins."""
    w, h = canvas.width, canvas.height
    for layer in range(4):
        depth = layer / 3
        base = h * (0.75 + 0.2 * depth)
        crest = waves(rng, w, base, h * (0.009 + 0.016 * depth), 0.6 + 0.25 * depth)
        body = mix(mix(palette.far, palette.near, 0.4), palette.near, depth)
        canvas.polygon(down_to(crest, h), mix(body, palette.light, 0.4))
        turn = rng.uniform(0, 6.28)
        rim = h * (0.004 + 0.008 * depth)
        lower = [(x, y + rim * (0.55 + 0.5 * math.sin(x / w * 9 + turn))) for x, y in crest]
        canvas.polygon(down_to(lower, h), (body, mix(body, palette.near, 0.6)))


def _draw_birds(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    x, y = canvas.width * rng.uniform(0.15, 0.7), canvas.height * rng.uniform(0.14, 0.26)
    for _ in range(5):
        at = (x + canvas.unit * rng.uniform(0, 0.2), y + canvas.unit * rng.uniform(0, 0.08))
        wing = canvas.unit * rng.uniform(0.01, 0.02)
        shape = [(-1.0, -0.35), (-0.5, -0.5), (0.0, 0.0), (0.5, -0.5), (1.0, -0.35)]
        bird = [(at[0] + a * wing, at[1] + b * wing) for a, b in shape]
        canvas.stroke(bird, canvas.unit * 0.0025, palette.near, opacity=0.75)


def _draw_stars(canvas: Canvas, rng: random.Random, count: int, down_to_share: float) -> None:
    stars = [
        (
            rng.uniform(0, canvas.width),
            rng.uniform(0, canvas.height * down_to_share),
            canvas.unit * 0.0006 * (1 + 2.2 * rng.random() ** 6 * 2),
        )
        for _ in range(count)
    ]
    canvas.dots(stars, (246, 240, 255))


def _houses(
    rng: random.Random, width: float, foot: float, tall: float, wide: float
) -> list[tuple[float, float, float, float]]:
    houses = []
    x = -wide * rng.random()
    while x < width:
        across = wide * rng.uniform(0.6, 1.5)
        # Towns are higher in their middle.
        middle = 1 - abs(x / width - 0.5)
        top = foot - tall * rng.uniform(0.35, 1.0) * middle
        houses.append((x, top, x + across, foot))
        if rng.random() < 0.35:
            mast = across * 0.06
            houses.append((x + across / 2 - mast, top - tall * 0.12, x + across / 2 + mast, top))
        x += across * rng.uniform(0.92, 1.05)
    return houses


def _windows(
    rng: random.Random,
    houses: list[tuple[float, float, float, float]],
    size: float,
    share: float,
) -> list[tuple[float, float, float, float]]:
    windows = []
    for left, top, right, bottom in houses:
        x = left + size
        while x < right - size * 1.5 and right - left > size * 5:
            y = top + size * 1.5
            while y < bottom - size * 2:
                if rng.random() < share:
                    windows.append((x, y, x + size * 0.75, y + size * 1.1))
                y += size * 2.1
            x += size * 1.7
    return windows


def _turned(centre: Point, across: float, down: float, tilt: float, turn: float) -> Point:
    """Give a point on a tilted ellipse; the first half of the turn is its front."""
    x, y = across * math.cos(turn * math.tau), down * math.sin(turn * math.tau)
    return (
        centre[0] + x * math.cos(tilt) - y * math.sin(tilt),
        centre[1] + x * math.sin(tilt) + y * math.cos(tilt),
    )
