"""The composer as the page shows it: every option, and for the closed ones the reason in words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from imagestudio.images_api import capabilities, pricing
from imagestudio.images_api.capabilities import DEFAULT_MODEL, MODELS, OPTION_LABELS, Problem
from jobs.pages import words
from jobs.pages.draft import CUSTOM, DEFAULTS, Draft

MAX_PROMPT_CHARS = 32_000
# The glyph of a size is drawn in a box of 20; an edge is never thinner than this.
GLYPH_EDGE = 16
NO_PRICE = "No price yet"
FIELDS = ("prompt", "model", "size", "quality", "n", "output_format", "background")


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
class ComposerView:
    draft: Draft
    models: tuple[OptionView, ...]
    model_hint: str
    model_warning: str
    size: GroupView
    quality: GroupView
    output_format: GroupView
    background: GroupView
    max_n: int
    max_prompt_chars: int
    estimate: str
    estimate_note: str
    has_estimate: bool
    adjusted: tuple[str, ...]
    problems: tuple[Problem, ...]
    errors: dict[str, str]
    has_option_errors: bool


def composer(
    draft: Draft, problems: Iterable[Problem] = (), adjusted: tuple[str, ...] = ()
) -> ComposerView:
    listed = tuple(problems)
    errors = {problem.param: problem.message for problem in reversed(listed)}
    spec = MODELS.get(draft.model, MODELS[DEFAULT_MODEL])
    today = datetime.now(UTC).date()
    amount, amount_note = estimate(draft)
    return ComposerView(
        draft=draft,
        models=_models(draft),
        model_hint=spec.summary,
        model_warning=spec.warning(today) or "",
        size=_sizes(draft, errors.get("size", "")),
        quality=_group(draft, "quality", "Quality", errors),
        output_format=_group(draft, "output_format", "Format", errors),
        background=_group(draft, "background", "Background", errors),
        max_n=spec.max_n,
        max_prompt_chars=spec.max_prompt_chars,
        estimate=amount,
        estimate_note=amount_note,
        has_estimate=amount != NO_PRICE,
        adjusted=adjusted,
        problems=listed,
        errors=errors,
        has_option_errors=any(param != "prompt" for param in errors),
    )


def estimate(draft: Draft) -> tuple[str, str]:
    """The likely cost in words, and what it is for."""
    request = draft.request
    if any(problem.param != "prompt" for problem in capabilities.problems(request)):
        return NO_PRICE, "once the settings fit"
    guess = pricing.estimate(request)
    return words.money_range(guess.low_microusd, guess.high_microusd), words.pictures(request.n)


def _models(draft: Draft) -> tuple[OptionView, ...]:
    offered = capabilities.offered(datetime.now(UTC).date())
    specs = {spec.name: spec for spec in offered}
    if draft.model in MODELS:
        specs.setdefault(draft.model, MODELS[draft.model])
    return tuple(
        OptionView(name, spec.label, is_chosen=name == draft.model) for name, spec in specs.items()
    )


def _sizes(draft: Draft, error: str) -> GroupView:
    presets = MODELS[DEFAULT_MODEL].sizes.presets
    known = {"auto", *(preset.value for preset in presets)}
    chosen = draft.size if draft.size in known else CUSTOM
    reasons = {preset.value: _reason(draft, "size", preset.value) for preset in presets}
    # Any size that is on nobody's list tells whether this model takes free ones.
    reasons[CUSTOM] = _reason(draft, "size", "1600x1200")
    options = [OptionView("auto", "Auto", chosen == "auto", detail="any")]
    options += [
        OptionView(
            preset.value,
            preset.ratio,
            chosen == preset.value,
            is_closed=bool(reasons[preset.value]),
            detail=preset.value.replace("x", words.TIMES),
            name=preset.label,
            glyph=glyph(preset.value),
        )
        for preset in presets
    ]
    closed = bool(reasons[CUSTOM])
    options.append(
        OptionView(CUSTOM, "Custom", chosen == CUSTOM, closed, detail=f"W {words.TIMES} H")
    )
    why = tuple(dict.fromkeys(f"{r.split(';')[0].rstrip('.')}." for r in reasons.values() if r))
    return GroupView("size", "Size", tuple(options), why, error)


def _group(draft: Draft, name: str, legend: str, errors: dict[str, str]) -> GroupView:
    labels, chosen = OPTION_LABELS[name], getattr(draft, name)
    if chosen not in labels:
        chosen = DEFAULTS[name]
    reasons = {value: _reason(draft, name, value) for value in labels}
    options = tuple(
        OptionView(value, label, value == chosen, bool(reasons[value]))
        for value, label in labels.items()
    )
    return GroupView(name, legend, options, _joined(reasons), errors.get(name, ""))


def _reason(draft: Draft, name: str, value: str) -> str:
    """Why this value can't be chosen beside the others as they are; empty when it can."""
    spec = MODELS.get(draft.model, MODELS[DEFAULT_MODEL])
    changed: dict[str, Any] = {"model": spec.name, name: value}
    candidate = replace(draft.request, **changed)
    if name in OPTION_LABELS and (closed := spec.reason_against(name, value)):
        return closed
    found = (p.message for p in spec.problems(candidate) if p.param == name)
    return next(found, "")


def _joined(reasons: dict[str, str]) -> tuple[str, ...]:
    """Say a reason once for all the values that it closes."""
    shared: dict[str, list[str]] = {}
    for value, reason in reasons.items():
        if reason:
            shared.setdefault(re.sub(rf"\b{value}\b(?!\w)", "{}", reason, count=1), []).append(
                value
            )
    return tuple(text.replace("{}", " and ".join(values)) for text, values in shared.items())


def glyph(size: str) -> tuple[int, int, int, int]:
    """A rectangle of this size's shape, centred in a box of 20."""
    width, height = (int(edge) for edge in size.split("x"))
    scale = GLYPH_EDGE / max(width, height)
    columns, rows = round(width * scale), round(height * scale)
    return (20 - columns) // 2, (20 - rows) // 2, columns, rows
