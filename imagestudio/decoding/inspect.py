"""Reading a whole picture once. Runs in the child; the bytes are hostile until proven dull."""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageChops, ImageFile

from imagestudio.decoding import png, sniff, svg
from imagestudio.decoding.credentials import has_credentials
from imagestudio.decoding.facts import Facts, NotAPicture
from imagestudio.decoding.limits import MEGA, Limits

_ORIENTATION = 0x0112
_SIDEWAYS = range(5, 9)
# The second picture of these is a preview or a depth map; only the first is ever used.
_FIRST_ALONE = ("jpeg",)
_END_OF_JPEG = b"\xff\xd9"
# What rows could be read from, and every mark at which a decoder might go on reading them.
_FILLING = b"\x5a" * 64 + b"".join(b"\xff%c" % mark + b"\x5a" * 64 for mark in range(0xD0, 0xD8))
# Pillow's ways of saying, or not foreseeing, that a file is damaged; an OSError with a number is
# the system's.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    RuntimeError,
    struct.error,
)


class Damaged(NotAPicture):
    """Not all of its pixels can be read."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The decoded first frame."""

    image: ImageFile.ImageFile
    kind: str
    file: png.Sifted | None = None  # Of a PNG, whose colours Pillow leaves to others.
    is_whole: bool = True


def inspect(data: bytes, limits: Limits) -> Facts:
    """Facts of a picture within the limits; NotAPicture says what is wrong."""
    kind = kind_of(data, limits)
    if kind == "svg":
        # Its size is a proposal: nothing here ever draws it.
        return svg.inspect(data)
    try:
        return _facts(data, kind, limits)
    except Damaged:
        if not limits.takes_parts:
            raise
        return _facts(data, kind, limits, as_far_as_it_goes=True)


def load(data: bytes, limits: Limits) -> Loaded:
    """The first frame of an acceptable picture, whole or, where limits say so, in part."""
    kind = kind_of(data, limits)
    try:
        return _load(data, kind, limits)
    except Damaged:
        if not limits.takes_parts:
            raise
        return _load(data, kind, limits, as_far_as_it_goes=True)


def kind_of(data: bytes, limits: Limits) -> str:
    if not data:
        raise NotAPicture("it is empty")
    if len(data) > limits.max_bytes:
        raise NotAPicture(f"it has more than {limits.max_bytes // MEGA} MB, the limit")
    kind = sniff.sniff(data)
    if kind in limits.formats:
        return kind
    name = kind.upper() if kind else sniff.other_name(data)
    found = f"its type is {name}" if name else "it is not a picture of a known type"
    raise NotAPicture(f"{found}; {_either(limits.formats)} is needed")


def orientation_of(image: Pillow.Image) -> int:
    """By EXIF alone, as browsers do it; XMP may say something else."""
    exif = Pillow.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        value = exif.get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


@contextmanager
def damage_refused(kind: str) -> Iterator[None]:
    try:
        yield
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise NotAPicture("one of its frames is larger than the limit") from error
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise Damaged(f"it is damaged or cut off: not a whole {kind.upper()} file") from error


def _facts(data: bytes, kind: str, limits: Limits, *, as_far_as_it_goes: bool = False) -> Facts:
    loaded = _load(data, kind, limits, as_far_as_it_goes=as_far_as_it_goes)
    image = loaded.image
    frames = 1 if kind in _FIRST_ALONE or as_far_as_it_goes else getattr(image, "n_frames", 1)
    turned = orientation_of(image)
    with damage_refused(kind):
        has_alpha = image.has_transparency_data
        _load_other_frames(image, frames, limits)
    width, height = image.size
    return Facts(
        format=kind,
        width=height if turned in _SIDEWAYS else width,
        height=width if turned in _SIDEWAYS else height,
        frames=frames,
        has_alpha=has_alpha,
        orientation=turned,
        has_credentials=has_credentials(data, kind),
        is_whole=loaded.is_whole,
    )


def _load(data: bytes, kind: str, limits: Limits, *, as_far_as_it_goes: bool = False) -> Loaded:
    ImageFile.LOAD_TRUNCATED_IMAGES = as_far_as_it_goes
    with damage_refused(kind):
        file = png.sift(data, as_far_as_it_goes=as_far_as_it_goes) if kind == "png" else None
        image = _open(file.data if file else data, kind)
        _check(image, kind, limits)
        try:
            image.load()
        except OSError:
            if kind != "jpeg":
                raise
            image = _without_end_mark(data)
        if as_far_as_it_goes and not _shows_anything(image):
            raise OSError("nothing of it can be read")
        return Loaded(image, kind, file, is_whole=not as_far_as_it_goes)


def _open(data: bytes, kind: str) -> ImageFile.ImageFile:
    # Our own check follows at once, and can say how large it is.
    Pillow.MAX_IMAGE_PIXELS = None
    return Pillow.open(io.BytesIO(data), formats=(kind.upper(),))


def _without_end_mark(data: bytes) -> ImageFile.ImageFile:
    """Some cameras write none. When all rows are there, it doesn't matter what follows them."""
    image, other = (_open(data + more + _END_OF_JPEG, "jpeg") for more in (b"", _FILLING))
    image.load()
    other.load()
    if ImageChops.difference(image, other).getbbox(alpha_only=False):
        raise OSError("its last rows are missing")
    return image


def _shows_anything(image: ImageFile.ImageFile) -> bool:
    return image.getbbox(alpha_only=False) is not None


def _check(image: ImageFile.ImageFile, kind: str, limits: Limits) -> None:
    """Everything that can be known before a pixel is decoded."""
    _check_size(image.width, image.height, kind, limits)
    frames = 1 if kind in _FIRST_ALONE else getattr(image, "n_frames", 1)
    if frames > limits.max_frames:
        raise NotAPicture(_too_many(frames, limits))
    if frames * image.width * image.height > limits.max_total_pixels:
        raise NotAPicture(
            f"its {frames} frames have {_mega(frames * image.width * image.height)} together;"
            f" the limit is {_mega(limits.max_total_pixels)}"
        )
    # Frames may still grow beyond the canvas; Pillow checks each, its warning made an error.
    Pillow.MAX_IMAGE_PIXELS = limits.max_pixels
    warnings.simplefilter("error", Pillow.DecompressionBombWarning)


def _check_size(width: int, height: int, kind: str, limits: Limits) -> None:
    if width < 1 or height < 1:
        raise NotAPicture(f"it is {width} x {height} pixels large")
    if max(width, height) > limits.max_side:
        raise NotAPicture(
            f"it is {width} x {height} pixels large; no side may have more than {limits.max_side}"
        )
    if width * height > limits.max_pixels_of(kind):
        raise NotAPicture(
            f"it has {_mega(width * height)} ({width} x {height});"
            f" the limit is {_mega(limits.max_pixels_of(kind))}"
        )


def _load_other_frames(image: ImageFile.ImageFile, frames: int, limits: Limits) -> None:
    total = image.width * image.height
    for number in range(1, frames):
        image.seek(number)
        image.load()
        total += image.width * image.height
        if total > limits.max_total_pixels:
            raise NotAPicture(f"its frames have more than {_mega(limits.max_total_pixels)}")


def _too_many(frames: int, limits: Limits) -> str:
    if limits.max_frames == 1:
        return f"it is animated ({frames} frames); only still pictures are taken here"
    return f"it has {frames} frames; the limit is {limits.max_frames}"


def _either(formats: tuple[str, ...]) -> str:
    *others, last = [each.upper() for each in formats]
    return f"{', '.join(others)} or {last}" if others else last


def _mega(pixels: int) -> str:
    return (
        f"{pixels / MEGA:.3g} megapixels" if pixels < 100 * MEGA else f"{pixels // MEGA} megapixels"
    )
