"""Dunes, mountains and forests."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import pairwise

from PIL import Image, ImageFilter

from imagestudio.sandbox.drawing.canvas import Canvas, Point, mix
from imagestudio.sandbox.drawing.palettes import Palette


def draw_dunes(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    w, h, unit = canvas.width, canvas.height, canvas.unit
    sun = (w * rng.uniform(0.25, 0.75), h * rng.uniform(0.22, 0.36))
    canvas.glow(sun, unit * 0.75, palette.light, 0.75)
    canvas.disc(sun, unit * rng.uniform(0.09, 0.13), palette.light)
    layers = 5
    for layer in range(layers):
        depth = layer / (layers - 1)
        base = h * (0.5 + 0.37 * depth)
        crest = waves(rng, w, base, h * (0.018 + 0.06 * depth), 1.5 - 0.5 * depth)
        body = mix(palette.far, palette.near, depth * 0.75)
        lit = mix(body, palette.light, 0.34 - 0.16 * depth)
        canvas.polygon(down_to(crest, h), (lit, mix(lit, body, 0.75)))
        dark = mix(body, palette.near, 0.3 + 0.35 * depth)
        for side in _far_sides(crest, h):
            canvas.polygon(side, (dark, mix(dark, body, 0.6)))
        if layer < layers - 1:
            canvas.haze(base, base + h * 0.3, palette.sky[-1], 0.3 * (1 - depth))


def draw_mountains(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    w, h, unit = canvas.width, canvas.height, canvas.unit
    sun = (w * rng.uniform(0.2, 0.8), h * rng.uniform(0.18, 0.32))
    canvas.glow(sun, unit * 0.7, palette.light, 0.7)
    canvas.disc(sun, unit * rng.uniform(0.05, 0.085), palette.light)
    shore = round(h * 0.76)
    layers = 5
    for layer in range(layers):
        depth = layer / (layers - 1)
        base = h * (0.46 + 0.25 * depth)
        crest = crags(rng, w, base, h * (0.2 - 0.1 * depth), 0.5)
        body = mix(palette.far, palette.near, depth**1.2)
        misty = mix(body, palette.sky[-1], 0.55)
        canvas.polygon(down_to(crest, shore + 2), (body, misty))
    hill = waves(rng, w, h * 0.735, h * 0.012, 1.4)
    canvas.polygon(down_to(hill, shore + 2), palette.near)
    for _ in range(round(w / unit * 46)):
        x = rng.uniform(-0.02, 1.02) * w
        height = unit * rng.uniform(0.025, 0.075) * (1.3 - math.cos(x / w * 6.28) * 0.35)
        canvas.polygon(fir(rng, (x, h * 0.745), height), palette.near)
    draw_reflection(canvas, rng, shore, mix(palette.near, palette.sky[1], 0.35))


def draw_forest(canvas: Canvas, rng: random.Random, palette: Palette) -> None:
    w, h, unit = canvas.width, canvas.height, canvas.unit
    sun = (w * rng.uniform(0.3, 0.7), h * rng.uniform(0.22, 0.34))
    canvas.glow(sun, unit * 0.8, palette.light, 0.9)
    canvas.disc(sun, unit * 0.06, palette.light)
    ridge = crags(rng, w, h * 0.42, h * 0.1, 0.45)
    canvas.polygon(down_to(ridge, h), mix(palette.sky[-1], palette.far, 0.5))
    layers = 5
    for layer in range(layers):
        depth = layer / (layers - 1)
        ground = waves(rng, w, h * (0.5 + 0.4 * depth), h * 0.03, 1.0)
        body = mix(palette.far, palette.near, depth)
        tall = unit * (0.11 + 0.3 * depth**1.3)
        count = round(w / unit * (26 - 19 * depth))
        for number in range(count):
            x = (number + rng.uniform(0.1, 0.9)) / count * w * 1.1 - w * 0.05
            if depth == 1 and 0.3 < x / w < 0.68:
                continue  # A clearing in front lets the eye into the picture.
            foot = (x, h * (0.52 + 0.4 * depth))
            tree = fir(rng, foot, tall * rng.uniform(0.65, 1.15))
            canvas.polygon(tree, (body, mix(body, palette.near, 0.25)))
        canvas.polygon(down_to(ground, h), body)
        canvas.haze(h * (0.36 + 0.3 * depth), h, palette.sky[-1], 0.42 * (1 - 0.5 * depth))
    front = waves(rng, w, h * 0.895, h * 0.008, 1.2)
    canvas.polygon(down_to(front, h), mix(palette.near, palette.far, 0.12))


def _far_sides(crest: list[Point], bottom: float) -> Iterator[list[Point]]:
    """Give the slopes that turn away from the sun: from each top, a curve winds down."""
    rows = [y for _, y in crest]
    tops = [i for i in range(1, len(rows) - 1) if rows[i - 1] >= rows[i] < rows[i + 1]]
    for top in tops if rows[0] >= rows[1] else [0, *tops]:
        valley = top
        while valley < len(rows) - 1 and rows[valley + 1] >= rows[valley]:
            valley += 1
        (x, _), (end, _) = crest[top], crest[valley]
        foot = (x + (end - x) * 0.55, bottom)
        bend = (end - x) * 0.13
        winding = [
            (column + bend * math.sin(step / 24 * math.tau), row)
            for step, (column, row) in enumerate(_curve(crest[top], foot))
        ]
        yield [
            *crest[top : valley + 1],
            *_curve(crest[valley], winding[-1], 0.6),
            *reversed(winding),
        ]


def _curve(start: Point, end: Point, bend: float = 1.7) -> list[Point]:
    """Go down first and aside later, or the other way for a bend below one."""
    steps = [step / 24 for step in range(25)]
    return [
        (start[0] + (end[0] - start[0]) * step**bend, start[1] + (end[1] - start[1]) * step)
        for step in steps
    ]


def draw_reflection(
    canvas: Canvas, rng: random.Random, shore: int, tint: tuple[int, int, int]
) -> None:
    """Turn everything below the shore into still water."""
    w, h = canvas.width, canvas.height
    depth = h - shore
    above = canvas.image.crop((0, max(0, shore - round(depth * 1.5)), w, shore))
    mirrored = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((w, depth))
    mirrored = mirrored.filter(ImageFilter.BoxBlur((0, canvas.unit * 0.006)))
    canvas.image.paste(
        Image.blend(mirrored, Image.new("RGB", mirrored.size, tint), 0.3), (0, shore)
    )
    glints = []
    for _ in range(42):
        y = shore + depth * rng.random() ** 1.5
        length = w * rng.uniform(0.02, 0.16) * (0.4 + (y - shore) / depth)
        x = rng.uniform(-0.1, 1.0) * w
        glints.append((x, y, x + length, y + max(0.5, canvas.unit * 0.0012)))
    canvas.bars(glints, mix(tint, (255, 255, 255), 0.28))


def waves(
    rng: random.Random, width: float, base: float, height: float, length: float
) -> list[Point]:
    """Give a soft skyline from a few sines."""
    parts = [
        (height / (1 + index * 1.3), (0.7 + index) / length, rng.uniform(0, 6.28))
        for index in range(3)
    ]
    return [
        (
            x * width / 96,
            base + sum(a * math.sin(x / 96 * f * 6.28 + p) for a, f, p in parts),
        )
        for x in range(-2, 99)
    ]


def crags(
    rng: random.Random, width: float, base: float, height: float, roughness: float
) -> list[Point]:
    """Give a rugged skyline by halving and shaking a line again and again."""
    heights = [rng.uniform(-0.3, 0.6), rng.uniform(0.2, 1.0), rng.uniform(-0.3, 0.6)]
    heights += [rng.uniform(0.1, 1.0), rng.uniform(-0.3, 0.6)]
    shake = 0.35
    while len(heights) < 257:
        finer: list[float] = []
        for one, other in pairwise(heights):
            finer += [one, (one + other) / 2 + rng.uniform(-shake, shake)]
        heights = [*finer, heights[-1]]
        shake *= roughness
    step = width / (len(heights) - 1)
    return [(index * step, base - value * height) for index, value in enumerate(heights)]


def down_to(crest: list[Point], bottom: float) -> list[Point]:
    """Close a skyline into an area."""
    return [*crest, (crest[-1][0], bottom), (crest[0][0], bottom)]


def fir(rng: random.Random, foot: Point, height: float) -> list[Point]:
    """Give the outline of a fir, branch by branch."""
    x, y = foot
    tiers = max(4, min(11, round(height / 14)))
    half = height * rng.uniform(0.17, 0.23)
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(tiers):
        down = (tier + 1) / tiers
        reach = half * down * rng.uniform(0.85, 1.12)
        low, high = y - height * (1 - down * 0.93), y - height * (1 - down * 0.93) - height * 0.02
        left += [(x - reach, low), (x - reach * 0.5, high)]
        right += [(x + reach * rng.uniform(0.9, 1.1), low), (x + reach * 0.5, high)]
    trunk = [(x - half * 0.09, y - height * 0.07), (x - half * 0.09, y)]
    trunk += [(x + half * 0.09, y), (x + half * 0.09, y - height * 0.07)]
    return [(x, y - height), *left, *trunk, *reversed(right)]
