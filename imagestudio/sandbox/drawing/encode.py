"""A finished picture as the bytes of a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from imagestudio.sandbox.drawing.caption import rounded, set_caption
from imagestudio.sandbox.drawing.picture import draw_picture


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingOrder:
    """What one picture is to be; `change` makes it of the one that the prompt alone would give."""

    prompt: str
    index: int
    width: int
    height: int
    details: str
    transparent: bool = False
    change: Callable[[Image.Image], Image.Image] | None = None
    has_caption: bool = True


def draw(order: DrawingOrder) -> Image.Image:
    """Draw the picture with its words on it."""
    image = draw_picture(order.prompt, order.index, order.width, order.height)
    if order.change:
        image = order.change(image)
    written = set_caption(image, order.prompt, order.details) if order.has_caption else []
    if order.transparent:
        image.putalpha(_sticker(image.size, written))
    return image


def file_of(image: Image.Image, output_format: str, compression: int = 100) -> bytes:
    """Give a picture as a PNG, WebP or JPEG file."""
    file = io.BytesIO()
    if output_format == "png":
        # The quickest level: grain does not compress much better by trying harder.
        image.save(file, "PNG", compress_level=1)
    elif output_format == "webp":
        image.save(file, "WEBP", quality=compression, method=0)
    else:
        image.save(file, "JPEG", quality=min(95, compression))
    return file.getvalue()


def _sticker(size: tuple[int, int], written: list[tuple[int, int, int, int]]) -> Image.Image:
    """Cut the picture out like a sticker; the words on it stay readable outside of it too."""
    inset = round(min(size) * 0.04)
    inner = (size[0] - 2 * inset, size[1] - 2 * inset)
    mask = Image.new("L", size)
    mask.paste(rounded(inner, min(inner) // 2), (inset, inset))
    for left, top, right, bottom in written:
        tall = bottom - top
        pill = rounded((right - left, tall), tall // 2)
        mask.paste(255, (left, top), pill)
    return mask
