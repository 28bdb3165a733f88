"""A clean copy: upright, sRGB, plain RGB or RGBA, and nothing beside the pixels."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image as Pillow
from PIL import ImageFile

from imagestudio.decoding import clock, colour, icc, png, svg
from imagestudio.decoding.credentials import riff_chunks
from imagestudio.decoding.facts import Facts, NotAPicture
from imagestudio.decoding.inspect import Loaded, damage_refused, kind_of, load, orientation_of
from imagestudio.decoding.limits import MEGA, Limits

_OPTIONS: dict[str, dict[str, int]] = {
    "jpeg": {"quality": 95, "subsampling": 0},
    "png": {"compress_level": 1},
    "webp": {"quality": 80, "method": 0},
}
# Photographs by their kind; a lossless copy would be many times as large.
_LOSSY = ("jpeg", "avif")
_REDUCIBLE = ("L", "RGB", "RGBA", "LA", "CMYK")
# A larger PNG takes seconds to write and passes what the Images API takes.
MAX_LOSSLESS_PIXELS = 16 * MEGA
# Where an AVIF tells of itself; its pixels follow.
_HEAD_BYTES = 64 * 1024

_Move = Pillow.Transpose
_TO_UPRIGHT = {
    2: _Move.FLIP_LEFT_RIGHT,
    3: _Move.ROTATE_180,
    4: _Move.FLIP_TOP_BOTTOM,
    5: _Move.TRANSPOSE,
    6: _Move.ROTATE_270,
    7: _Move.TRANSVERSE,
    8: _Move.ROTATE_90,
}


def clean(data: bytes, limits: Limits) -> tuple[Facts, bytes]:
    """The copy and its facts; NotAPicture when the original isn't acceptable."""
    kind = kind_of(data, limits)
    if kind == "svg":
        return svg.sanitise(data)
    with damage_refused(kind):
        source = _Source.of(load(data, limits), data)
        clock.opened()
        if source.is_hdr:
            raise NotAPicture(
                "it is an HDR picture, brighter than a plain one can be;"
                " save it in standard range (SDR)"
            )
        picture = source.bare(source.profile())
    target = _format_for(picture, kind, data)
    content = _encoded(picture, target)
    if len(content) > limits.max_bytes:
        raise NotAPicture(
            f"it has {_mega(len(data))} MB, and would have {_mega(len(content))} MB as the"
            f" {target.upper()} that is sent; the limit is {limits.max_bytes // MEGA}"
        )
    share = _transparent_share(picture) if limits.counts_transparency else None
    return Facts(
        target, *picture.size, has_alpha=picture.mode == "RGBA", transparent_share=share
    ), content


def small(data: bytes, limits: Limits, edges: list[int]) -> tuple[Facts, list[bytes]]:
    """WebP copies whose longest sides have these lengths, and the facts of the first."""
    with damage_refused(kind_of(data, limits)):
        loaded = load(data, limits)
        source = _Source.of(loaded, data)
        clock.opened()
        pictures = [source.smaller(edge) for edge in edges]
    first, is_whole = pictures[0], loaded.is_whole
    facts = Facts("webp", *first.size, has_alpha=first.mode == "RGBA", is_whole=is_whole)
    return facts, [_encoded(picture, "webp") for picture in pictures]


@dataclass(frozen=True, slots=True)
class _Source:
    """Pixels with what is transparent among them, and what is said of their colours."""

    picture: Pillow.Image
    profile: Callable[[], bytes | None]
    turn: Pillow.Transpose | None
    is_gray: bool
    is_hdr: bool

    @classmethod
    def of(cls, loaded: Loaded, data: bytes) -> _Source:
        image, file = loaded.image, loaded.file
        turn = _TO_UPRIGHT.get(orientation_of(image))
        if file is not None:
            return cls(_read(image, file), file.profile, turn, file.is_gray, file.is_hdr)
        numbers = _numbers_of_avif(data) if loaded.kind == "avif" else (0, 0)
        profile = image.info.get("icc_profile") or icc.by_numbers(*numbers)
        is_gray, is_hdr = image.mode in ("L", "LA"), icc.is_hdr(numbers[1])
        return cls(image, lambda: profile, turn, is_gray, is_hdr)

    def bare(self, profile: bytes | None) -> Pillow.Image:
        """The pixels alone, as they are meant to be seen."""
        # Each step lets go of the picture before it: two copies of a large one are all that fits.
        picture = self.picture
        if self.turn is not None:
            info = picture.info
            picture = picture.transpose(self.turn)
            picture.info = info
        picture = colour.in_srgb(picture, profile, is_gray=self.is_gray)
        picture.info = {}
        return picture

    def smaller(self, edge: int) -> Pillow.Image:
        # A whole number of pixels into one costs a tenth of a good filter, which does the rest.
        factor = max(self.picture.size) // edge
        source = replace(self, picture=_reduced(self.picture, factor)) if factor > 1 else self
        picture = source.bare(_if_readable(self.profile))
        picture.thumbnail((edge, edge), Pillow.Resampling.BICUBIC)
        return picture


def _read(image: ImageFile.ImageFile, file: png.Sifted) -> Pillow.Image:
    # Pillow would cut sixteen bits of gray off at 255 rather than scale them.
    picture = colour.deep(file, "L;16B") if file.depth == 16 and file.colours == 0 else image
    return colour.with_clear_colour(picture, file) if file.clear else picture


def _reduced(picture: Pillow.Image, factor: int) -> Pillow.Image:
    if picture.mode not in _REDUCIBLE:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return picture.reduce(factor)


def _if_readable(profile: Callable[[], bytes | None]) -> bytes | None:
    """Small copies only have to be seen: they do without a profile that is too large."""
    try:
        return profile()
    except NotAPicture:
        return None


def _numbers_of_avif(data: bytes) -> tuple[int, int]:
    """Primaries and curve by their numbers, where no profile tells them."""
    at = data.find(b"colrnclx", 0, _HEAD_BYTES)
    return struct.unpack_from(">HH", data, at + 8) if 0 <= at <= len(data) - 12 else (0, 0)


def _transparent_share(picture: Pillow.Image) -> float:
    """How much of the picture is fully transparent, from 0 to 1."""
    if picture.mode != "RGBA":
        return 0.0
    return picture.getchannel("A").histogram()[0] / (picture.width * picture.height)


def _mega(count: int) -> str:
    return f"{count / MEGA:.3g}"


def _format_for(picture: Pillow.Image, kind: str, data: bytes) -> str:
    """Lossless stays lossless, a photograph stays small, transparency stays."""
    if picture.mode == "RGBA":
        return "png"
    if picture.width * picture.height > MAX_LOSSLESS_PIXELS or kind in _LOSSY:
        return "jpeg"
    return "jpeg" if kind == "webp" and b"VP8L" not in riff_chunks(data) else "png"


def _encoded(picture: Pillow.Image, target: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, target.upper(), **_OPTIONS[target])
    return buffer.getvalue()
