"""Composite by a hard mask: models take a mask as guidance, this keeps what lies outside it."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageChops, ImageFilter

from jobs.services.pictures.intake import FORMATS

# A change of a channel by less than this is the noise of another encoding, and not the model's.
NOTICEABLE = 8
SAME_SHAPE = 0.02  # Models round the edges to a multiple of sixteen.
FEATHER_SHARE = 0.006  # Of the longer edge: six pixels at 1024.


@dataclass(frozen=True, slots=True)
class Composite:
    picture: Pillow.Image
    outside_change_permille: int


def compose(original: Path, mask: Path, edited: Path) -> Composite | None:
    """Lay the edited picture into the original, only where the mask lets it.

    None when it has another shape: squeezed into place it would be neither of the two.

    Alpha 0 in the mask means "edit here". The seam is feathered inwards, so every pixel outside is
    the original's to the last bit; the result has the original's size.
    """
    before = _opened(original)
    edit = _opened(edited)
    if abs(edit.width * before.height / (edit.height * before.width) - 1) > SAME_SHAPE:
        return None
    after = edit.resize(before.size, Pillow.Resampling.LANCZOS)
    may_change = _opened(mask).getchannel("A").resize(before.size).point(_where_transparent)
    picture = before.copy()
    picture.paste(after, mask=_feathered(may_change))
    return Composite(picture, _outside_change(before, after, may_change))


def _opened(path: Path) -> Pillow.Image:
    with Pillow.open(path, formats=FORMATS) as picture:
        return picture.convert("RGBA")


def _where_transparent(alpha: int) -> int:
    return 255 if alpha == 0 else 0


def _feathered(may_change: Pillow.Image) -> Pillow.Image:
    radius = max(1.0, FEATHER_SHARE * max(may_change.size))
    soft = may_change.filter(ImageFilter.GaussianBlur(radius))
    # Blurred from 50 % at the edge: stretched, so that it starts at nothing there.
    inward = soft.point([max(0, 2 * level - 255) for level in range(256)])
    return ImageChops.darker(inward, may_change)


def _outside_change(before: Pillow.Image, after: Pillow.Image, may_change: Pillow.Image) -> int:
    """Thousandths of the protected pixels that the model changed noticeably."""
    outside = ImageChops.invert(may_change)
    total = outside.histogram()[255]
    if not total:
        return 0
    difference = ImageChops.difference(before.convert("RGB"), after.convert("RGB"))
    strongest = ImageChops.lighter(
        ImageChops.lighter(*difference.split()[:2]), difference.getchannel("B")
    )
    noticed = strongest.point([255 if level >= NOTICEABLE else 0 for level in range(256)])
    changed = ImageChops.darker(noticed, outside).histogram()[255]
    return round(1000 * changed / total)
