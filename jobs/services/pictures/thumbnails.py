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


@dataclass(frozen=True, slots=True)
class Copy:
    content: bytes
    sha256: str


def make_for(image: Image) -> None:
    """Make what is missing; a drawing has none, since nothing here may draw it."""
    if image.large_key or image.format == "svg" or not image.can_be_shown:
        return
    with default_storage.open(image.shown_key, "rb") as file:
        copies = list(_copies(intake.small_copies(file, tuple(SIZES.values()))))
    for size, copy in zip(SIZES, copies, strict=True):
        key = blobs.thumbnail_key(image.key, size)
        blobs.put_bytes(copy.content, key)
        setattr(image, f"{size}_key", key)
        setattr(image, f"{size}_sha256", copy.sha256)
    image.save(update_fields=["small_key", "small_sha256", "large_key", "large_sha256"])


def small_copy(path: Path) -> Copy:
    """The small WebP of a picture on disk; NotAPicture when it is none."""
    with path.open("rb") as file:
        return next(_copies(intake.small_copies(file, (SIZES["small"],))))


def _copies(contents: list[bytes]) -> Iterator[Copy]:
    for content in contents:
        yield Copy(content, sha256(content).hexdigest())
