"""Telling what bytes really are. A name or a header is never asked."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 50_000_000

Pillow.MAX_IMAGE_PIXELS = MAX_PIXELS


class NotAPicture(Exception):
    """These bytes are no picture that we take; the text says why."""


@dataclass(frozen=True, slots=True)
class Facts:
    format: str  # "png", "jpeg" or "webp"
    width: int
    height: int


def inspect(path: Path) -> Facts:
    """Read the whole picture once; NotAPicture when any part of it is wrong.

    A file that can't be opened is our own trouble and raises OSError.
    """
    with path.open("rb") as file:
        try:
            return _facts(file)
        except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
            raise NotAPicture(f"more than {MAX_PIXELS // 1_000_000} megapixels") from None
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
            raise NotAPicture(f"not a whole {', '.join(FORMATS)} file") from error


def _facts(file: BinaryIO) -> Facts:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Pillow.DecompressionBombWarning)
        # Each finds what the other lets pass: verify() a bad stream's sums, load() a cut file.
        with Pillow.open(file, formats=FORMATS) as image:
            image.verify()
        file.seek(0)
        with Pillow.open(file, formats=FORMATS) as image:
            image.load()
            return Facts((image.format or "").lower(), image.width, image.height)
