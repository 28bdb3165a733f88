"""A clean copy: upright, sRGB, plain RGB or RGBA, and nothing beside the pixels."""

import io
import logging
from functools import cache

from PIL import Image as Pillow
from PIL import ImageCms

from imagestudio.decoding import svg
from imagestudio.decoding.credentials import riff_chunks
from imagestudio.decoding.facts import Facts, NotAPicture
from imagestudio.decoding.inspect import (
    damage_refused,
    kind_of,
    load,
    orientation_of,
    transparent_share,
)
from imagestudio.decoding.limits import MEGA, Limits

logger = logging.getLogger(__name__)

_OPTIONS: dict[str, dict[str, int]] = {
    "jpeg": {"quality": 95, "subsampling": 0},
    "png": {"compress_level": 1},
    "webp": {"quality": 80, "method": 2},
}
_REDUCIBLE = ("L", "RGB", "RGBA", "LA", "CMYK")
# A larger PNG takes seconds to write and passes what the Images API takes.
MAX_LOSSLESS_PIXELS = 16 * MEGA

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
        picture = bare(load(data, limits))
    target = _format_for(picture, kind, data)
    content = _encoded(picture, target)
    if len(content) > limits.max_bytes:
        raise NotAPicture(
            f"it would have {len(content) // MEGA} MB without its metadata;"
            f" the limit is {limits.max_bytes // MEGA}"
        )
    share = transparent_share(picture) if limits.counts_transparency else None
    return Facts(
        target, *picture.size, has_alpha=picture.mode == "RGBA", transparent_share=share
    ), content


def small(data: bytes, limits: Limits, edges: list[int]) -> tuple[Facts, list[bytes]]:
    """WebP copies whose longest sides have these lengths, and the facts of the first."""
    with damage_refused(kind_of(data, limits)):
        original = load(data, limits)
        pictures = [_smaller(original, edge) for edge in edges]
    facts = Facts("webp", *pictures[0].size, has_alpha=pictures[0].mode == "RGBA")
    return facts, [_encoded(picture, "webp") for picture in pictures]


def bare(picture: Pillow.Image) -> Pillow.Image:
    """The pixels alone, as they are meant to be seen."""
    # Each step lets go of the picture before it: two copies of a large one are all that fits.
    turn = _TO_UPRIGHT.get(orientation_of(picture))
    if turn is not None:
        info = picture.info
        picture = picture.transpose(turn)
        picture.info = info
    picture = _in_srgb(picture)
    picture.info = {}
    return picture


def _smaller(picture: Pillow.Image, edge: int) -> Pillow.Image:
    # Halving by whole numbers first costs a tenth of a good filter over all pixels.
    factor = max(picture.size) // (2 * edge)
    if factor > 1:
        if picture.mode not in _REDUCIBLE:
            picture = _plain(picture, "RGBA" if picture.has_transparency_data else "RGB")
        picture = picture.reduce(factor)
    picture = bare(picture)
    picture.thumbnail((edge, edge), Pillow.Resampling.BICUBIC)
    return picture


def _in_srgb(picture: Pillow.Image) -> Pillow.Image:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("L", "RGB", "RGBA", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, _srgb(), outputMode=mode)
        except (ImageCms.PyCMSError, OSError):
            return _plain(picture, mode)
        if converted is not None:
            return converted
    return _plain(picture, mode)


def _plain(picture: Pillow.Image, mode: str) -> Pillow.Image:
    if picture.mode.startswith("I"):
        # Sixteen bits of gray: Pillow would cut them off at 255 rather than scale them.
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    return picture.convert(mode)


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _format_for(picture: Pillow.Image, kind: str, data: bytes) -> str:
    """Lossless stays lossless, a photograph stays small, transparency stays."""
    if picture.mode == "RGBA":
        return "png"
    if picture.width * picture.height > MAX_LOSSLESS_PIXELS or kind == "jpeg":
        return "jpeg"
    return "jpeg" if kind == "webp" and b"VP8L" not in riff_chunks(data) else "png"


def _encoded(picture: Pillow.Image, target: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, target.upper(), **_OPTIONS[target])
    return buffer.getvalue()
