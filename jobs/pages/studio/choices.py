"""The composer's options as the page shows them: for the closed ones the reason, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imagestudio.images_api.capabilities import DEFAULT_MODEL, MODELS, OPTION_LABELS, Problem
from imagestudio.images_api.modelspec import SVG_EFFORTS
from imagestudio.images_api.params import LABELS, MAX_PARTIAL_IMAGES, PARAMS
from imagestudio.images_api.sizes import FixedSizes, FreeSizes, parse_size
from jobs.pages import words
from jobs.pages.studio.composition import Composition
from jobs.pages.studio.draft import CUSTOM, DEFAULTS

# The glyph of a size is drawn in a box of 20; an edge is never thinner than this.
GLYPH_EDGE = 16
MEGAPIXEL = 1_000_000
MODES = {"generate": "Generate", "edit": "Edit", "vary": "Variation"}


@dataclass(frozen=True, slots=True)
class OptionView:
    value: str
    label: str
    is_chosen: bool
    is_closed: bool = False
    detail: str = ""
    name: str = ""  # Said before the label to those who do not see the drawing.
    glyph: tuple[int, int, int, int] | None = None  # x, y, width and height of the drawing.


@dataclass(frozen=True, slots=True)
class GroupView:
    name: str
    legend: str
    options: tuple[OptionView, ...]
    why_closed: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class FieldView:
    name: str
    value: str
    is_closed: bool
    why_closed: str = ""
    error: str = ""
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class FreeSizeView:
    """Width and height of one's own: the rule in words and numbers, and how the two stand to it."""

    step: int
    rule: str
    area: str
    fits: str = ""  # The nearest size that may be asked for, where this one may not.
    note: str = ""


def mode(composition: Composition, error: str) -> GroupView:
    chosen = composition.draft.operation
    reasons = {name: composition.reason("operation", name) for name in MODES}
    options = tuple(
        OptionView(name, label, name == chosen, bool(reasons[name]) and name != chosen)
        for name, label in MODES.items()
    )
    why = tuple(dict.fromkeys(filter(None, reasons.values())))
    return GroupView("operation", "What to do", options, why, error)


def group(composition: Composition, name: str, errors: Mapping[str, str]) -> GroupView:
    labels, chosen = OPTION_LABELS[name], composition.draft.settings[name]
    if chosen not in labels:
        chosen = next(iter(labels))
    against = {value: composition.problem_with(name, value) for value in labels}
    return _group_of(name, LABELS[name], labels, chosen, against, errors)


def previews(composition: Composition, errors: Mapping[str, str]) -> GroupView:
    counts = range(MAX_PARTIAL_IMAGES + 1)
    labels = {str(count): str(count) if count else "None" for count in counts}
    against = {str(count): composition.problem_with("partial_images", count) for count in counts}
    return _group_of(
        "partial_images",
        LABELS["partial_images"],
        labels,
        composition.draft.settings["partial_images"],
        against,
        errors,
    )


def field(composition: Composition, name: str, errors: Mapping[str, str]) -> FieldView:
    """A field that is written into; closed where whatever is written would be refused."""
    param = PARAMS["svg" if name.startswith("svg") else name]
    value = composition.draft.settings[name]
    reason = composition.reason(param.name, param.probe)
    is_closed = bool(reason) and value in ("", DEFAULTS[name])
    return FieldView(
        name=name,
        value=value,
        is_closed=is_closed,
        why_closed=reason if is_closed else "",
        error=errors.get(param.name, ""),
        minimum=param.minimum,
        maximum=param.maximum,
    )


def svg_efforts(composition: Composition) -> tuple[OptionView, ...]:
    chosen = composition.draft.settings["svg_effort"]
    return tuple(OptionView(each, each.capitalize(), each == chosen) for each in SVG_EFFORTS)


def sizes(composition: Composition, error: str) -> GroupView:
    size, shown = composition.draft.settings["size"], MODELS[DEFAULT_MODEL].sizes.presets
    known = {"auto", *(preset.value for preset in shown)}
    chosen = size if size in known else CUSTOM
    against = {preset.value: composition.problem_with("size", preset.value) for preset in shown}
    options = [OptionView("auto", "Auto", chosen == "auto", detail="any")]
    options += [
        OptionView(
            preset.value,
            preset.ratio,
            chosen == preset.value,
            is_closed=bool(against[preset.value]) and chosen != preset.value,
            detail=preset.value.replace("x", words.TIMES),
            name=preset.label,
            glyph=glyph(preset.value),
        )
        for preset in shown
    ]
    closed = isinstance(composition.spec.sizes, FixedSizes) and chosen != CUSTOM
    options.append(
        OptionView(CUSTOM, "Custom", chosen == CUSTOM, closed, detail=f"W {words.TIMES} H")
    )
    return GroupView("size", LABELS["size"], tuple(options), _joined(against), error)


def free_size(composition: Composition) -> FreeSizeView | None:
    rule = composition.spec.sizes
    if not isinstance(rule, FreeSizes):
        return None
    settings = composition.draft.settings
    edges = parse_size(f"{settings['width']}x{settings['height']}")
    limits = (
        f"Steps of {rule.step}, shapes up to {rule.max_ratio}:1, edges up to {rule.max_edge:,}, "
        f"{_megapixels(rule.min_pixels)} to {_megapixels(rule.max_pixels)} megapixels."
    )
    if edges is None:
        return FreeSizeView(rule.step, limits, "")
    pixels = edges[0] * edges[1]
    problem = composition.problem_with("size", f"{edges[0]}x{edges[1]}")
    near = problem.values[0] if problem and problem.values else ""
    is_new = pixels > rule.experimental_above_pixels and not problem
    note = "The service calls sizes this large experimental." if is_new else ""
    return FreeSizeView(rule.step, limits, f"{_megapixels(pixels)} megapixels", near, note)


def glyph(size: str) -> tuple[int, int, int, int]:
    """A rectangle of this size's shape, centred in a box of 20."""
    width, height = (int(edge) for edge in size.split("x"))
    scale = GLYPH_EDGE / max(width, height)
    columns, rows = round(width * scale), round(height * scale)
    return (20 - columns) // 2, (20 - rows) // 2, columns, rows


def _group_of(
    name: str,
    legend: str,
    labels: Mapping[str, str],
    chosen: str,
    against: Mapping[str, Problem | None],
    errors: Mapping[str, str],
) -> GroupView:
    """A wrong choice stays open, so that it can be seen, told about and left."""
    options = tuple(
        OptionView(value, label, value == chosen, bool(against[value]) and value != chosen)
        for value, label in labels.items()
    )
    return GroupView(name, legend, options, _joined(against), errors.get(name, ""))


def _joined(against: Mapping[str, Problem | None]) -> tuple[str, ...]:
    """Say a reason once for all the values that it closes."""
    alike: dict[tuple[str, ...], tuple[Problem, list[str]]] = {}
    for value, problem in against.items():
        if problem:
            alike.setdefault(problem.pieces or (problem.message,), (problem, []))[1].append(value)
    return tuple(problem.of_all(_listed(values)) for problem, values in alike.values())


def _listed(values: list[str]) -> str:
    return " and ".join(values) if len(values) < 3 else "any of these sizes"


def _megapixels(pixels: int) -> str:
    return f"{pixels / MEGAPIXEL:.2f}"
