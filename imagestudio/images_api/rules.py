"""Problems of a request, and which choices shut out each other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from imagestudio.images_api.types import UNSET, ImageRequest


class ProblemCode(StrEnum):
    """What is wrong, where more follows from it than a sentence to show."""

    INVALID = "invalid"
    KEY_REUSED = "key_reused"  # The idempotency key belongs to another request.


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to change in a request, and the field to change it in.

    The messages are to be read only: who wants to know more asks the other fields.
    """

    param: str
    message: str
    code: ProblemCode = ProblemCode.INVALID
    values: tuple[str, ...] = ()  # What may be chosen instead, where that is a few.
    # The message without the choice that it is about: in pieces, so that others fit between them.
    pieces: tuple[str, ...] = ()
    api_message: str = ""  # The message to programs, where they call the field something else.

    @property
    def for_programs(self) -> str:
        return self.api_message or self.message

    def of_all(self, choices: str) -> str:
        """The same said once of several choices that it shuts out."""
        return choices.join(self.pieces or (self.message,))


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A choice that goes with certain values of another field only."""

    param: str
    value: str | None  # None stands for any value at all that was chosen.
    needs: str
    allowed: tuple[str | int | None, ...]
    reason: str

    def problem(self, request: ImageRequest) -> Problem | None:
        chosen = getattr(request, self.param)
        applies = is_chosen(request, self.param) if self.value is None else chosen == self.value
        if not applies or getattr(request, self.needs) in self.allowed:
            return None
        return Problem(self.param, self.reason)


def is_chosen(request: ImageRequest, param: str) -> bool:
    """Whether the field was set to anything but its default."""
    return bool(getattr(request, param) != UNSET[param])


_PICTURES = ("png", "webp", "jpeg")
_STILL = "gif and svg come whole, without previews. Turn them off, or choose another format."

# Source: SDK 3.54.0, the comments of its generate and edit parameters.
EXCLUSIONS = (
    Exclusion(
        "background",
        "transparent",
        "output_format",
        ("png", "webp", "gif", "svg"),
        "jpeg holds no transparency. Choose png or webp, or another background.",
    ),
    Exclusion(
        "output_compression",
        None,
        "output_format",
        ("webp", "jpeg"),
        "Only webp and jpeg can be compressed. Choose one of them, or leave compression out.",
    ),
    Exclusion("output_format", "svg", "n", (1,), "svg comes one at a time. Ask for 1 image."),
    Exclusion("svg", None, "output_format", ("svg",), "An SVG author writes svg only."),
    Exclusion("frame_count", None, "output_format", ("gif",), "Only a gif has frames."),
    Exclusion("frame_duration_ms", None, "output_format", ("gif",), "Only a gif has frames."),
    Exclusion("partial_images", None, "output_format", _PICTURES, _STILL),
    Exclusion("stream", None, "output_format", _PICTURES, _STILL),
    Exclusion("partial_images", None, "n", (1,), "Previews come with 1 image only."),
    Exclusion("stream", None, "n", (1,), "Only 1 image at a time can be streamed."),
    Exclusion(
        "mask",
        None,
        "output_format",
        (*_PICTURES, "svg"),
        "A gif takes no mask. Remove it, or choose another format.",
    ),
    Exclusion("markup", None, "mask", (None,), "Use a mask or a markup, not both."),
)
