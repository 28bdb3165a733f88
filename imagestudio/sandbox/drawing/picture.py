"""One picture from a prompt: which motif, which colours, and the words on it."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from imagestudio.sandbox.drawing import palettes as p
from imagestudio.sandbox.drawing.canvas import Canvas, add_grain, seeded
from imagestudio.sandbox.drawing.fox import draw_fox
from imagestudio.sandbox.drawing.land import draw_dunes, draw_forest, draw_mountains
from imagestudio.sandbox.drawing.palettes import Palette
from imagestudio.sandbox.drawing.scenes import draw_city, draw_cosmos, draw_lighthouse, draw_sea
from imagestudio.sandbox.drawing.shapes import draw_botanical, draw_orbs, draw_paper

_MAX_DRAWN_PIXELS = 1_600_000  # Larger pictures are drawn at this size and then enlarged.
_GRAIN = 3


@dataclass(frozen=True, slots=True)
class Motif:
    draw: Callable[[Canvas, random.Random, Palette], None]
    palettes: tuple[Palette, ...]
    words: str


MOTIFS = (
    Motif(draw_dunes, (p.DUSK, p.DAWN, p.AMBER, p.ROSE), "desert dune sand camel sunset"),
    Motif(
        draw_mountains,
        (p.DAWN, p.TEAL, p.SNOW, p.PLUM, p.DUSK),
        "mountain mountains alps peak lake valley cabin fog mist landscape hill hills",
    ),
    Motif(draw_fox, (p.SNOW, p.PINE, p.TEAL, p.DAWN), "fox foxes"),
    Motif(
        draw_forest,
        (p.PINE, p.SNOW, p.DAWN, p.TEAL),
        "forest wood woods tree trees deer owl bear wolf snow winter pine",
    ),
    Motif(draw_lighthouse, (p.COAST, p.STORM, p.DUSK, p.TEAL), "lighthouse"),
    Motif(
        draw_sea,
        (p.COAST, p.TEAL, p.DUSK, p.STORM, p.PLUM),
        "sea ocean wave waves beach boat ship sail otter fish whale harbour coast island",
    ),
    Motif(
        draw_city,
        (p.NIGHT, p.PLUM, p.DUSK, p.LAGOON),
        "city street tokyo london paris skyline neon town",
    ),
    Motif(
        draw_cosmos,
        (p.INDIGO, p.LAGOON, p.NIGHT, p.PLUM),
        "space planet star stars galaxy astronaut rocket robot",
    ),
    Motif(
        draw_botanical,
        (p.PAPER, p.LINEN, p.MINT, p.PEACH),
        "flower flowers plant plants leaf leaves garden botanical rose fern herb tea",
    ),
    Motif(
        draw_orbs,
        (p.PEACH, p.ICE, p.LINEN, p.ROSE),
        "ball sphere product bottle cup abstract logo icon",
    ),
    Motif(
        draw_paper, (p.PEACH, p.TEAL, p.PLUM, p.ICE, p.ROSE, p.MINT), "paper pattern poster layers"
    ),
)


# Words that settle the colours of the first picture, where the motif has them.
_MOODS = {
    "snow": p.SNOW,
    "winter": p.SNOW,
    "fog": p.STORM,
    "storm": p.STORM,
    "rain": p.LAGOON,
    "dawn": p.DAWN,
    "morning": p.DAWN,
    "dusk": p.DUSK,
    "evening": p.DUSK,
    "sunset": p.DUSK,
    "night": p.NIGHT,
    "autumn": p.AMBER,
    "pink": p.ROSE,
    "blue": p.ICE,
    "green": p.MINT,
}


def draw_picture(prompt: str, index: int, width: int, height: int) -> Image.Image:
    """Draw the picture, without any words, as RGB."""
    rng = seeded(f"{prompt}\n{index}")
    motif = _motif_for(prompt)
    # The pictures of one prompt differ most in their colours.
    palette = motif.palettes[(_first_palette(prompt, motif) + index) % len(motif.palettes)]
    scale = min(1.0, math.sqrt(_MAX_DRAWN_PIXELS / (width * height)))
    canvas = Canvas(max(16, round(width * scale)), max(16, round(height * scale)), palette.sky)
    motif.draw(canvas, rng, palette)
    image = canvas.image
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    return add_grain(image, rng, _GRAIN)


def _motif_for(prompt: str) -> Motif:
    """Let a word of the prompt choose; all pictures of one prompt share a motif."""
    for word in _words(prompt):
        for motif in MOTIFS:
            if word in motif.words.split():
                return motif
    return seeded(prompt).choice(MOTIFS)


def _first_palette(prompt: str, motif: Motif) -> int:
    moods = [_MOODS[word] for word in _words(prompt) if word in _MOODS]
    fitting = [motif.palettes.index(mood) for mood in moods if mood in motif.palettes]
    return fitting[0] if fitting else seeded(prompt).randrange(len(motif.palettes))


def _words(prompt: str) -> list[str]:
    return re.findall(r"[a-z]+", prompt.lower())
