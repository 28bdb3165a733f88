"""Intake: telling what bytes really are, for uploads, answers and gateway inputs alike.

A name or a header is never asked. Decoding happens in bounded processes of its own, so a picture
can do no more harm than be refused.
"""

import os
import shutil
from collections.abc import Hashable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, BinaryIO

from PIL import Image as Pillow

from imagestudio.decoding import gate, integrity, sniff
from imagestudio.decoding.facts import Facts, NotAPicture, UnsafePicture
from imagestudio.decoding.limits import MASK, RASTER, RESULT, UPLOAD, Limits
from imagestudio.decoding.turns import GateBusy

__all__ = [
    "FORMATS",
    "MASK",
    "RESULT",
    "UPLOAD",
    "Facts",
    "GateBusy",
    "NotAPicture",
    "UnsafePicture",
]

# As Pillow names them: what it may open here, outside the gate, once it has been let in.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
MAX_PIXELS = RESULT.max_pixels

Pillow.MAX_IMAGE_PIXELS = MAX_PIXELS


def judge(path: Path, limits: Limits = RESULT) -> Facts:
    """What was paid for: whole by its own checksums, else as far as the decoder can see it.

    NotAPicture when nothing of it can be seen; OSError when the file itself can't be read, which is
    our own trouble.
    """
    return facts_if_whole(path, limits) or inspect(path, limits)


def facts_if_whole(path: Path, limits: Limits = RESULT) -> Facts | None:
    """Facts of a picture that its own checksums prove whole; None where a decoder must tell."""
    return integrity.facts_if_whole(path, limits)


def inspect(path: Path, limits: Limits = RESULT) -> Facts:
    """Decode the whole picture once, in a process of its own."""
    with path.open("rb") as file:
        return gate.default.inspect(file, limits).result()


def accept_upload(
    path: Path, into: Path, limits: Limits = UPLOAD, member: Hashable | None = None
) -> Facts:
    """Write a copy of the pixels alone: upright, sRGB, no metadata; the facts are the copy's.

    `into` is left alone when it raises; GateBusy where this member has too many under way.
    """
    partial = into.with_name(into.name + ".partial")
    try:
        with path.open("rb") as file, partial.open("wb") as target:
            facts = gate.default.clean(file, target, limits, member).result()
        partial.rename(into)
    finally:
        partial.unlink(missing_ok=True)
    return facts


@dataclass(frozen=True, slots=True)
class SmallCopies:
    contents: list[bytes]
    is_whole: bool  # Else some of the picture is missing or damaged.


def small_copies(picture: IO[bytes], edges: Sequence[int]) -> SmallCopies:
    """Upright, plain WebP copies whose longest sides have these lengths; the first frame's.

    NotAPicture for an SVG: nothing here may draw it.
    """
    with ExitStack() as files:
        # Storage may hand out what is no file of the system's.
        source, *targets = [files.enter_context(TemporaryFile()) for _ in (None, *edges)]
        shutil.copyfileobj(picture, source)
        source.flush()
        facts = gate.patient.small(source, targets, RASTER, edges).result()
        return SmallCopies([_whole(target) for target in targets], facts.is_whole)


def save_drawing(path: Path, into: Path) -> Facts:
    """Write a copy of an UnsafePicture without all that could act."""
    return accept_upload(path, into, RESULT)


def extension_of(path: Path) -> str | None:
    """How a file is called that may be a picture, though nobody here can open it; else None."""
    with path.open("rb") as file:
        return sniff.extension_of(file.read(sniff.HEAD_BYTES + 1))


def warm_up() -> None:
    """Get ready for the first picture, at the start of a process that will see some."""
    gate.default.warm_up()


def check_mask(mask: Facts, image: Facts) -> None:
    """A mask says by transparency what is to change; it must say something, and not all."""
    _check_overlay(mask, image)
    if mask.transparent_share == 0:
        raise NotAPicture("nothing in it is transparent, so there is nothing to edit")
    if mask.transparent_share == 1:
        raise NotAPicture("all of it is transparent, so nothing would be kept")


def check_markup(markup: Facts, image: Facts) -> None:
    """Drawn over a picture: the picture must show through, and something must be drawn."""
    _check_overlay(markup, image)
    if markup.transparent_share == 0:
        raise NotAPicture("nothing in it is transparent, so it would hide the picture")
    if markup.transparent_share == 1:
        raise NotAPicture("nothing is drawn on it")


def _whole(file: BinaryIO) -> bytes:
    """Past the file object, whose buffer knows nothing of what another process wrote."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)


def _check_overlay(overlay: Facts, image: Facts) -> None:
    if overlay.format != "png" or not overlay.has_alpha:
        raise NotAPicture("it must be a PNG with transparency")
    if (overlay.width, overlay.height) != (image.width, image.height):
        raise NotAPicture(
            f"it is {overlay.width} x {overlay.height} pixels large, but the picture is"
            f" {image.width} x {image.height}"
        )
