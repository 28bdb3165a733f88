"""Looks at the pictures that came with a request, as the real service does before it works."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

from imagestudio.images_api.types import InputFacts
from imagestudio.sandbox.envelope import Faulty, invalid

MAX_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was decoded, upright, and what is known of it."""

    image: Image.Image
    facts: InputFacts


def read_picture(data: bytes, param: str) -> Picture:
    """Decode a picture whole; Faulty when it is none."""
    if not data:
        raise invalid(param, "The image file is empty.", "empty_image_file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decoded(data, param)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise _unreadable(param) from error


def _decoded(data: bytes, param: str) -> Picture:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as source:
        name = (source.format or "").lower()
        if source.width * source.height > MAX_PIXELS:
            raise invalid(param, "The image has too many pixels.", "image_too_large")
        source.load()
        upright = ImageOps.exif_transpose(source)
    has_alpha = "A" in upright.getbands() or "transparency" in upright.info
    image = upright.convert("RGBA" if has_alpha else "RGB")
    facts = InputFacts(
        sha256=hashlib.sha256(data).hexdigest(),
        format=name,
        width=image.width,
        height=image.height,
        byte_count=len(data),
        has_alpha=has_alpha,
    )
    return Picture(image, facts)


def _unreadable(param: str) -> Faulty:
    message = f"Invalid image file for '{param}': it could not be read as png, jpeg or webp."
    return invalid(param, message, "invalid_image_file")
