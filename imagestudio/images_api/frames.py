"""The frames of a GIF: the model draws them all on one sheet, which sets how large they may be.

Source: SDK 3.57.0 for counts and times. The sheet was measured by others: largest frames by
count, the steps of its price, and a refusal of six square frames of 1024 for an edge of 4096.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imagestudio.images_api.rules import Problem
from imagestudio.images_api.sizes import AUTO, FreeSizes, parse_size
from imagestudio.images_api.types import ImageRequest

DEFAULT_FRAMES = 9

Sheet = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRule:
    """How many frames, how long each, and the sheet that they have to fit on."""

    sheet: FreeSizes
    min_count: int = 2
    max_count: int = 16
    min_duration_ms: int = 20
    # The API itself shortens what is longer to 655,350 ms; more than this is no number to it.
    max_duration_ms: int = 2_147_483_647
    # Frames up to this many are laid out in so many columns and rows.
    grids: tuple[tuple[int, int, int], ...] = ((8, 4, 2), (9, 3, 3), (12, 4, 3), (16, 4, 4))

    def problems(self, request: ImageRequest) -> Iterator[Problem]:
        count, duration = request.frame_count, request.frame_duration_ms
        if count is not None and not self.min_count <= count <= self.max_count:
            limits = f"{self.min_count} to {self.max_count}"
            yield Problem("frame_count", f"A gif has {limits} frames, not {count}.")
        elif found := self._problem_of_size(request.size, count or DEFAULT_FRAMES):
            yield found
        if duration is not None and not self.min_duration_ms <= duration <= self.max_duration_ms:
            limits = f"{self.min_duration_ms} to {self.max_duration_ms:,}"
            yield Problem("frame_duration_ms", f"A frame lasts {limits} ms, not {duration}.")

    def sheet_for(self, size: tuple[int, int], count: int) -> Sheet | None:
        """Give the size of the sheet for such frames; None when no layout fits."""
        return next((s for s in self._sheets(size, count) if self._fits(s)), None)

    def _problem_of_size(self, size: str, count: int) -> Problem | None:
        if size == AUTO:
            return None
        frame = parse_size(size)
        if frame is None:
            message = f'A size is written as "512x512", or "auto"; {size[:40]} is neither.'
            return Problem("size", message)
        step, ratio = self.sheet.step, self.sheet.max_ratio
        if frame[0] % step or frame[1] % step:
            rule = f"The frames of a gif go in steps of {step} pixels"
            return Problem("size", f"{rule}; {size} does not.", pieces=(f"{rule}.",))
        if max(frame) > ratio * min(frame):
            rule = f"The frames of a gif take shapes up to {ratio}:1"
            return Problem("size", f"{rule}; {size} is longer.", pieces=(f"{rule}.",))
        if self.sheet_for(frame, count):
            return None
        pieces = f"{count} frames of ", " do not fit on one sheet. Take smaller or fewer frames."
        if self._is_too_small(frame, count):
            pieces = "Frames of ", f" are too small for a gif of {count}. Make them larger."
        return Problem("size", size.join(pieces), pieces=pieces)

    def _is_too_small(self, frame: tuple[int, int], count: int) -> bool:
        sheets = self._sheets(frame, count)
        return all(width * height < self.sheet.min_pixels for width, height in sheets)

    def _sheets(self, frame: tuple[int, int], count: int) -> Iterator[Sheet]:
        """Lay the grid either way, because a wide frame fits where a tall one does not."""
        width, height = frame
        columns, rows = next((c, r) for most, c, r in self.grids if count <= most)
        yield columns * width, rows * height
        yield rows * width, columns * height

    def _fits(self, sheet: Sheet) -> bool:
        rule = self.sheet
        return (
            max(sheet) <= rule.max_edge
            and rule.min_pixels <= sheet[0] * sheet[1] <= rule.max_pixels
        )
