"""The composer as the page shows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imagestudio.accounts.models import User
from imagestudio.images_api import day
from imagestudio.images_api.blank import is_blank
from imagestudio.images_api.capabilities import Problem
from imagestudio.images_api.params import LABELS, OPTION_LABELS, PARAMS
from jobs.models import Preset
from jobs.pages.studio import choices
from jobs.pages.studio.choices import FieldView, FreeSizeView, GroupView, OptionView
from jobs.pages.studio.composition import Composition, changed_settings
from jobs.pages.studio.draft import CUSTOM, Draft, fields_of
from jobs.pages.studio.estimates import EstimateView, estimate
from jobs.pages.studio.strip import StripView, strip
from jobs.pages.words import shorten
from jobs.services import drafts
from jobs.services.queue import providers

ASIDE_CHARS = 40
PLACEHOLDERS = {
    "generate": "Describe what you want to see",
    "edit": "What should change?",
    "vary": "Say how it may differ, or leave this empty",
}
GROUPS = tuple(OPTION_LABELS)
# Those that are written into.
FIELDS = tuple(
    each for name, param in PARAMS.items() if param.probe is not None for each in fields_of(name)
)
MORE = frozenset(
    each for name, param in PARAMS.items() if param.is_rare for each in fields_of(name)
)
# Where the cursor goes for a problem whose field has another name.
TARGETS = {"inputs": "files", "mask": "files", "markup": "files", "svg": "svg_model"}


@dataclass(frozen=True, slots=True)
class ProblemView:
    message: str
    target: str  # The id of the field to change; empty when it belongs to none.


@dataclass(frozen=True, slots=True)
class ModeView:
    """What sending does in one mode, in words; the chosen one is shown."""

    name: str
    verb: str
    state: str  # What one is about, where the choice of modes is out of sight.


@dataclass(frozen=True, slots=True)
class PresetsView:
    presets: tuple[OptionView, ...]
    applied: str
    is_changed: bool
    name: str
    error: str


@dataclass(frozen=True, slots=True)
class ComposerView:
    draft: Draft
    mode: GroupView
    modes: tuple[ModeView, ...]
    aside: str  # What waits to be brought back, in words.
    placeholder: str
    strip: StripView
    presets: PresetsView
    providers: tuple[OptionView, ...]
    models: tuple[OptionView, ...]
    model_hint: str
    model_warning: str
    size: GroupView
    free_size: FreeSizeView | None
    groups: dict[str, GroupView]
    fields: dict[str, FieldView]
    labels: Mapping[str, str]
    previews: GroupView
    svg_efforts: tuple[OptionView, ...]
    max_n: int
    max_prompt_chars: int
    estimate: EstimateView
    notes: tuple[str, ...]
    settled: str
    undo: str
    problems: tuple[ProblemView, ...]
    errors: dict[str, str]
    more_count: int
    has_more_errors: bool


@dataclass(frozen=True, slots=True)
class Remarks:
    """What there is to say about a draft besides the draft itself."""

    problems: tuple[Problem, ...] = ()  # Of what was sent and refused.
    notes: tuple[str, ...] = ()
    undo: str = ""  # The settings that a button puts back.
    preset_name: str = ""


NOTHING_TO_SAY = Remarks()


def composer(
    composition: Composition, user: User, remarks: Remarks = NOTHING_TO_SAY
) -> ComposerView:
    draft, spec = composition.draft, composition.spec
    errors = _errors(composition, remarks.problems)
    usual = Draft().with_changed(provider=draft.settings["provider"])
    more = tuple(changed_settings(usual, draft))
    return ComposerView(
        draft=draft,
        mode=choices.mode(composition, errors.get("operation", "")),
        modes=_modes(composition),
        aside=_aside(user),
        placeholder=PLACEHOLDERS.get(draft.operation, ""),
        strip=strip(composition, _first(errors, "inputs", "mask", "markup")),
        presets=_presets(draft, user, remarks, errors),
        providers=_providers(composition),
        models=_models(composition),
        model_hint=spec.summary,
        model_warning=spec.warning(day.today()) or "",
        size=choices.sizes(composition, errors.get("size", "")),
        free_size=choices.free_size(composition),
        groups={name: choices.group(composition, name, errors) for name in GROUPS},
        fields={name: choices.field(composition, name, errors) for name in FIELDS},
        labels=LABELS,
        previews=choices.previews(composition, errors),
        svg_efforts=choices.svg_efforts(composition),
        max_n=spec.max_n,
        max_prompt_chars=spec.max_prompt_chars,
        estimate=estimate(composition),
        notes=remarks.notes,
        settled=json.dumps(draft.preset_values()),
        undo=remarks.undo,
        problems=tuple(_problem(problem, draft) for problem in remarks.problems),
        errors=errors,
        more_count=len(MORE.intersection(more)),
        has_more_errors=not {*MORE, "svg"}.isdisjoint(errors),
    )


def _modes(composition: Composition) -> tuple[ModeView, ...]:
    """So that nobody edits or varies what they meant to make anew."""
    count = composition.draft.request.n
    pictures = len(composition.inputs.images)
    which = "this picture" if pictures == 1 else f"with {pictures} pictures"
    edit = f"Edit {which}" if pictures else "Edit"
    if count > 1 and pictures:
        edit = f"Make {count} edits"
    return (
        ModeView("generate", f"Generate {count}" if count > 1 else "Generate", ""),
        ModeView("edit", edit, f"Editing {_counted(pictures)}"),
        ModeView(
            "vary",
            f"Make {count} variations" if count > 1 else "Make variation",
            f"Variation of {_counted(pictures)}",
        ),
    )


def _counted(pictures: int) -> str:
    if not pictures:
        return "no picture yet"
    return "1 picture" if pictures == 1 else f"{pictures} pictures"


def _aside(user: User) -> str:
    values = drafts.aside_of(user)
    if values is None:
        return ""
    kept = Draft.from_values(values)
    words = "" if is_blank(kept.prompt) else f" “{shorten(kept.prompt, ASIDE_CHARS)}”"
    pictures = f" with {_counted(len(kept.images))}" if kept.images else ""
    return f"Your draft{words}{pictures} is kept."


def _errors(composition: Composition, refused: Iterable[Problem]) -> dict[str, str]:
    """The first thing wrong with each field: all of what was sent, else what is wrong already.

    Nobody is told that a form is empty while they fill it in.
    """
    listed = list(refused)
    listed += [problem for problem in composition.problems() if _is_telling(problem, composition)]
    return {problem.param: problem.message for problem in reversed(listed)}


def _is_telling(problem: Problem, composition: Composition) -> bool:
    draft, settings = composition.draft, composition.draft.settings
    if problem.param == "prompt":
        return not is_blank(draft.prompt)
    if problem.param == "inputs":
        return bool(draft.images)
    if problem.param == "size" and settings["size"] == CUSTOM:
        return bool(settings["width"] and settings["height"])
    if problem.param == "svg":
        return bool(settings["svg_model"])
    return True


def _first(errors: dict[str, str], *names: str) -> str:
    return next((errors[name] for name in names if name in errors), "")


def _problem(problem: Problem, draft: Draft) -> ProblemView:
    param = problem.param
    if param == "size":
        is_custom = draft.settings["size"] == CUSTOM
        return ProblemView(problem.message, "width" if is_custom else "size-auto")
    if param == "operation":
        return ProblemView(problem.message, f"operation-{draft.operation}")
    if param in GROUPS or param == "partial_images":
        return ProblemView(problem.message, f"{param}-{draft.settings[param]}")
    if param == "idempotency_key":
        return ProblemView(problem.message, "")
    return ProblemView(problem.message, TARGETS.get(param, param))


def _providers(composition: Composition) -> tuple[OptionView, ...]:
    """Nothing to choose where there is only one."""
    every = providers.every()
    if len(every) < 2:
        return ()
    return tuple(
        OptionView(each.name, each.name, each.name == composition.provider.name) for each in every
    )


def _models(composition: Composition) -> tuple[OptionView, ...]:
    specs = {spec.name: spec for spec in composition.models}
    chosen = composition.draft.settings["model"]
    if known := composition.catalogue.spec_of(chosen):
        specs.setdefault(chosen, known)
    return tuple(OptionView(name, spec.label, name == chosen) for name, spec in specs.items())


def _presets(draft: Draft, user: User, remarks: Remarks, errors: dict[str, str]) -> PresetsView:
    kept = list(Preset.objects.filter(owner=user))
    applied = next((preset for preset in kept if str(preset.pk) == draft.preset), None)
    is_changed = applied is not None and _differs(draft, applied)
    return PresetsView(
        presets=tuple(OptionView(str(each.pk), each.name, each is applied) for each in kept),
        applied=applied.name if applied else "",
        is_changed=is_changed,
        name=remarks.preset_name,
        error=errors.get("preset_name", ""),
    )


def _differs(draft: Draft, preset: Preset) -> bool:
    return any(changed_settings(draft.with_settings(preset.values), draft))
