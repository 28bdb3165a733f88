"""A picture that moves."""

from __future__ import annotations

import io
import math

from PIL import Image

_COLOURS = 128
_SWAY = 0.06


def gif_of(image: Image.Image, frame_count: int, duration_ms: int) -> bytes:
    """Breathe in and out around the middle of the picture, in a loop without a seam."""
    frames = [_frame(image, number / frame_count) for number in range(frame_count)]
    file = io.BytesIO()
    frames[0].save(
        file,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=duration_ms // 10 * 10,
        loop=0,
        disposal=2,
    )
    return file.getvalue()


def _frame(image: Image.Image, turn: float) -> Image.Image:
    inset = _SWAY * (1 - math.cos(turn * math.tau)) / 2
    aside = _SWAY / 2 * math.sin(turn * math.tau)
    box = (
        image.width * (inset + aside),
        image.height * inset,
        image.width * (1 - inset + aside),
        image.height * (1 - inset),
    )
    moved = image.transform(image.size, Image.Transform.EXTENT, box, Image.Resampling.BILINEAR)
    if moved.mode == "RGBA":
        return moved
    return moved.convert("P", palette=Image.Palette.ADAPTIVE, colors=_COLOURS)
