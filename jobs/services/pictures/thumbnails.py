"""Small WebP copies for lists. Foreign bytes are decoded behind the gate, never in this process."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.core.files.storage import default_storage

from jobs.models import Image
from jobs.services.pictures import blobs, intake

# The longest edge in pixels: for grids, and for the picture's own page.
SIZES = {"small": 512, "large": 1280}
# A picture of no more pixels and bytes than these is as good as its large copy.
SMALL_ENOUGH_EDGE = 1600
SMALL_ENOUGH_BYTES = 400_000


@dataclass(frozen=True, slots=True)
class Copy:
    content: bytes
    sha256: str


def make_for(image: Image) -> bool:
    """Make what is missing; a drawing has none, since nothing here may draw it.

    False when not all of the picture could be read.
    """
    if image.small_key or image.format == "svg" or not image.can_be_shown:
        return True
    sizes = [size for size in SIZES if size == "small" or _gains_by_a_large_copy(image)]
    with default_storage.open(image.shown_key, "rb") as file:
        made = intake.small_copies(file, [SIZES[size] for size in sizes])
    for size, copy in zip(sizes, _copies(made.contents), strict=True):
        key = blobs.thumbnail_key(image.key, size)
        blobs.put_bytes(copy.content, key)
        setattr(image, f"{size}_key", key)
        setattr(image, f"{size}_sha256", copy.sha256)
    image.save(update_fields=["small_key", "small_sha256", "large_key", "large_sha256"])
    return made.is_whole


def small_copy(path: Path) -> Copy:
    """The small WebP of a picture on disk; NotAPicture when it is none."""
    with path.open("rb") as file:
        return next(_copies(intake.small_copies(file, [SIZES["small"]]).contents))


def _gains_by_a_large_copy(image: Image) -> bool:
    # In a list nothing moves: the copy of a GIF is its first frame.
    longest, is_moving = max(image.shown_width, image.shown_height), image.format == "gif"
    return longest > SMALL_ENOUGH_EDGE or image.byte_count > SMALL_ENOUGH_BYTES or is_moving


def _copies(contents: list[bytes]) -> Iterator[Copy]:
    for content in contents:
        yield Copy(content, sha256(content).hexdigest())
