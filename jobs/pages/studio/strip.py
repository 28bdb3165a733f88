"""The pictures that go along with a request, as the composer shows them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from imagestudio.images_api.types import InputFacts
from jobs.pages.references import ReferenceView, reference
from jobs.pages.studio.composition import Composition
from jobs.states import InputRole

ASIDE = {
    "generate": "Set aside: Generate takes no pictures. Choose Edit to use them.",
    "vary": "What was painted is set aside: a variation takes the picture as it is.",
}


@dataclass(frozen=True, slots=True)
class ToolView:
    """A way to paint over the first picture, or why there is none."""

    role: str
    label: str
    icon: str
    why_closed: str = ""


@dataclass(frozen=True, slots=True)
class StripView:
    pictures: tuple[ReferenceView, ...]
    layer: ReferenceView | None
    tools: tuple[ToolView, ...]
    max_count: int
    limits: str  # For the browser, which checks a file before it sends it.
    aside: str
    error: str
    keeps_outside: bool

    @property
    def is_full(self) -> bool:
        return len(self.pictures) >= self.max_count


def strip(composition: Composition, error: str) -> StripView:
    draft, inputs, rule = composition.draft, composition.inputs, composition.spec.inputs
    layer = inputs.mask or inputs.markup
    role = InputRole.MASK if inputs.mask else InputRole.MARKUP
    can_paint = bool(inputs.images) and draft.operation == "edit"
    is_aside = bool(inputs.images) if draft.operation == "generate" else layer is not None
    most = 1 if draft.operation == "vary" else rule.max_count
    facts = {**rule.as_json(), "max_count": most, "model": composition.spec.label}
    return StripView(
        pictures=tuple(reference(upload) for upload in inputs.images),
        layer=reference(layer, role) if layer else None,
        tools=_tools(composition) if can_paint and layer is None else (),
        max_count=most,
        limits=json.dumps(facts),
        aside=ASIDE.get(draft.operation, "") if is_aside else "",
        error=error,
        keeps_outside=draft.keeps_outside,
    )


def _tools(composition: Composition) -> tuple[ToolView, ...]:
    first = composition.inputs.images[0].facts
    # As the editor would make it: a small PNG with clear parts, as large as the picture.
    layer = InputFacts(
        sha256="",
        format="png",
        width=first.width,
        height=first.height,
        byte_count=1,
        has_alpha=True,
    )
    mask, markup = composition.reason("mask", layer), composition.reason("markup", layer)
    return (
        ToolView("mask", "Paint mask", "brush", mask),
        ToolView("markup", "Draw on it", "pencil-line", markup),
    )
