"""The table of a request's parameters: what each is called, what it may be, and what it is for.

Forms, drafts, labels, the gateway's fields and documents, and what goes to a service are made of
these rows. What a model makes of a value is for `ModelSpec` to say, and never for this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from imagestudio.images_api.types import SvgAuthor

Endpoint = Literal["generations", "edits", "variations"]

MAX_PARTIAL_IMAGES = 3
# Longer numbers are no number to anybody; these are exact in every JSON reader.
MAX_DIGITS = 15
_DRAWING: tuple[Endpoint, ...] = ("generations", "edits")
_EVERYWHERE: tuple[Endpoint, ...] = (*_DRAWING, "variations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One parameter. `ImageRequest` has a field of the same name for its value."""

    name: str
    kind: type  # As JSON has it.
    default: str | int | bool | None = None  # As the API documents it; None where it has none.
    label: str = ""  # What every page calls it; without one, no page asks for it.
    api_label: str = ""  # What programs are told that it is called; empty where that is the label.
    about: str  # For those who write programs.
    # Every value that some model knows, in the order of a menu, with its name for people.
    options: Mapping[str, str] = field(default_factory=dict)
    minimum: int | None = None
    maximum: int | None = None
    probe: object = None  # A value that shows whether a field to write in can be used at all.
    is_rare: bool = (
        False  # Mostly left alone: it stands under "More", and is told where it was not.
    )
    endpoints: tuple[Endpoint, ...] = _DRAWING

    @property
    def default_text(self) -> str:
        """The default as a form spells it."""
        return "" if self.default is None else str(self.default)

    def admits(self, number: int) -> bool:
        is_too_small = self.minimum is not None and number < self.minimum
        is_too_large = self.maximum is not None and number > self.maximum
        return not (is_too_small or is_too_large)


# What is wrong with a request is told in this order, and the gateway's pages list it so.
_ROWS = (
    Param(
        name="n",
        kind=int,
        default=1,
        label="Pictures",
        about="How many pictures.",
        minimum=1,
        maximum=10,
        endpoints=_EVERYWHERE,
    ),
    Param(
        name="size",
        kind=str,
        default="auto",
        label="Size",
        about="`auto` or WIDTHxHEIGHT; what fits depends on the model.",
        endpoints=_EVERYWHERE,
    ),
    Param(
        name="quality",
        kind=str,
        default="auto",
        label="Quality",
        about="How much work goes into it; what a model knows differs. `standard` and `hd` are"
        " understood with the name of a model that is gone, or without one.",
        options={
            "auto": "Auto",
            "low": "Low",
            "medium": "Medium",
            "high": "High",
            "xhigh": "Extra high",
            "max": "Maximum",
        },
    ),
    Param(
        name="output_format",
        kind=str,
        default="png",
        label="Format",
        about="The format of the file.",
        options={"png": "PNG", "webp": "WebP", "jpeg": "JPEG", "gif": "GIF", "svg": "SVG"},
    ),
    Param(
        name="background",
        kind=str,
        default="auto",
        label="Background",
        about="`transparent` goes with every format but jpeg.",
        options={"auto": "Auto", "opaque": "Opaque", "transparent": "Transparent"},
    ),
    Param(
        name="output_compression",
        kind=int,
        default=100,
        label="Compression",
        about="For webp and jpeg.",
        minimum=0,
        maximum=100,
        probe=50,
        is_rare=True,
    ),
    Param(
        name="moderation",
        kind=str,
        default="auto",
        label="Moderation",
        about="How strict the provider's safety system is.",
        options={"auto": "Standard", "low": "Low"},
        is_rare=True,
    ),
    Param(
        name="complexity",
        kind=str,
        default="auto",
        label="Complexity",
        about="How much is planned before it is drawn.",
        options={"auto": "Auto", "low": "Low", "medium": "Medium", "high": "High"},
        is_rare=True,
    ),
    Param(
        name="input_fidelity",
        kind=str,
        default="auto",
        label="Faithfulness",
        api_label="input fidelity",
        about="How close the pictures that go along are kept.",
        options={"auto": "Auto", "low": "Low", "high": "High"},
        is_rare=True,
        endpoints=("edits",),
    ),
    Param(
        name="stream",
        kind=bool,
        default=False,
        about="Answer with events as the picture comes.",
    ),
    Param(
        name="partial_images",
        kind=int,
        default=0,
        label="Previews",
        about="Previews on the way, with `stream`.",
        minimum=0,
        maximum=MAX_PARTIAL_IMAGES,
        is_rare=True,
    ),
    Param(
        name="frame_count",
        kind=int,
        label="Frames",
        about="Of a gif.",
        probe=9,
        is_rare=True,
    ),
    Param(
        name="frame_duration_ms",
        kind=int,
        label="Frame time in ms",
        about="Of a gif.",
        probe=200,
        is_rare=True,
    ),
    Param(
        name="svg",
        kind=dict,
        label="SVG author",
        about="Which language model writes an svg.",
        probe=SvgAuthor(model="any"),
        is_rare=True,
    ),
    Param(
        name="safety_identifier",
        kind=str,
        about="Stands for the end user at the provider; a hash, never a name.",
    ),
)
PARAMS: Mapping[str, Param] = {each.name: each for each in _ROWS}
OPTION_LABELS: Mapping[str, Mapping[str, str]] = {
    each.name: each.options for each in _ROWS if each.options
}
LABELS: Mapping[str, str] = {each.name: each.label for each in _ROWS if each.label}
API_LABELS: Mapping[str, str] = {
    name: PARAMS[name].api_label or label.lower() for name, label in LABELS.items()
}
