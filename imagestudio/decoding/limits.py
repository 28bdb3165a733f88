"""Limits of a picture at each way in: formats, bytes, pixels and frames."""

from dataclasses import dataclass, replace

from imagestudio.decoding.facts import KINDS

MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    formats: tuple[str, ...]
    max_bytes: int
    max_pixels: int = 50 * MEGA
    # Its decoder holds four copies of the picture: more would pass the child's memory.
    max_webp_pixels: int = 32 * MEGA
    max_side: int = 16_384
    max_frames: int = 1
    max_total_pixels: int = 50 * MEGA  # Of all frames together.
    counts_transparency: bool = False
    # What was paid for is worth seeing even where some of it is missing.
    takes_parts: bool = False

    def max_pixels_of(self, kind: str) -> int:
        return min(self.max_pixels, self.max_webp_pixels) if kind == "webp" else self.max_pixels


# The Images API takes the first three, each below 50 MB; an AVIF becomes one of them.
UPLOAD = Limits(("png", "jpeg", "webp", "avif"), max_bytes=50 * MEGA)
MASK = Limits(("png",), max_bytes=50 * MEGA, counts_transparency=True)
RESULT = Limits(
    KINDS,
    max_bytes=100 * MEGA,
    max_frames=100,
    max_total_pixels=100 * MEGA,
    takes_parts=True,
)
# What can be made smaller; nothing here draws an SVG.
RASTER = replace(RESULT, formats=("png", "jpeg", "webp", "gif", "avif"))
