"""A finished picture as the bytes of a file."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from imagestudio.sandbox.drawing.caption import rounded, set_caption
from imagestudio.sandbox.drawing.picture import draw_picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one picture is to be."""

    prompt: str
    index: int
    width: int
    height: int
    details: str
    output_format: str
    compression: int = 100
    transparent: bool = False


def draw_file(order: Order) -> bytes:
    """Draw the picture and give it as a PNG, WebP or JPEG file."""
    image = draw_picture(order.prompt, order.index, order.width, order.height)
    written = set_caption(image, order.prompt, order.details)
    if order.transparent:
        image.putalpha(_sticker(image.size, written))
    file = io.BytesIO()
    if order.output_format == "png":
        # The quickest level: grain does not compress much better by trying harder.
        image.save(file, "PNG", compress_level=1)
    elif order.output_format == "webp":
        image.save(file, "WEBP", quality=order.compression, method=0)
    else:
        image.save(file, "JPEG", quality=min(95, order.compression))
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
