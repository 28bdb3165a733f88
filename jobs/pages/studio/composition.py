"""A draft with all that it names found: its pictures, its service, its model, and what fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from imagestudio.accounts.models import User
from imagestudio.images_api.capabilities import (
    DEFAULT_MODEL,
    MODELS,
    OPTION_LABELS,
    Catalogue,
    ModelSpec,
    Problem,
)
from imagestudio.images_api.params import LABELS, PARAMS
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest
from jobs.pages.studio.draft import CUSTOM, DEFAULTS, SVG_FIELDS, Draft, fields_of
from jobs.services.queue import providers
from jobs.services.submit import NO_INPUTS, GivenPictures

# What another choice can make impossible, in the order of trying: the format first, because others
# depend on it. A count is never changed behind anybody's back.
CAN_BE_PUT_BACK = (
    "output_format",
    *(name for name in LABELS if name not in ("output_format", "n")),
)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One choice that was put back, and why."""

    name: str
    was: str
    now: str
    reason: str

    @property
    def words(self) -> str:
        if not self.now:
            return f"{self.name} taken out: {self.reason}"
        return f"{self.name} is {self.now} now, not {self.was}: {self.reason}"


@dataclass(frozen=True)
class Composition:
    draft: Draft
    provider: Provider
    catalogue: Catalogue
    inputs: GivenPictures = NO_INPUTS
    lost: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, draft: Draft, user: User) -> Self:
        inputs, lost = draft.inputs(user)
        provider = providers.named(draft.settings["provider"]) or providers.default()
        return cls(draft, provider, providers.catalogue(provider), inputs, lost)

    @cached_property
    def models(self) -> tuple[ModelSpec, ...]:
        return tuple(self.catalogue.offered())

    @cached_property
    def spec(self) -> ModelSpec:
        """The chosen model as the service lists it; for an unknown one, the first of the list."""
        listed = {spec.name: spec for spec in self.models}
        chosen = self.draft.settings["model"]
        if found := listed.get(chosen):
            return found
        first = self.models[0] if self.models else MODELS[DEFAULT_MODEL]
        return self.catalogue.spec_of(chosen) or first

    @property
    def going(self) -> GivenPictures:
        """The pictures that this mode sends; the others are set aside and stay in the draft."""
        if self.draft.operation == "edit":
            return self.inputs
        if self.draft.operation == "vary":
            return GivenPictures(images=self.inputs.images)
        return NO_INPUTS

    @cached_property
    def request(self) -> ImageRequest:
        return self.going.into(self.draft.request)

    def problems(self) -> list[Problem]:
        found = self.catalogue.problems(self.request)
        return [*(self.lost if self.draft.operation != "generate" else ()), *found]

    def problem_with(self, param: str, value: object) -> Problem | None:
        """Why this value can't be chosen beside the others as they are; None when it can."""
        if param in OPTION_LABELS:
            previews = self.provider.allows_preview_formats
            closed = self.spec.problem_with(param, str(value), allows_previews=previews)
            if closed:
                return closed
        changed: dict[str, Any] = {"model": self.spec.name, param: value}
        found = self.catalogue.problems(replace(self.request, **changed))
        return next((problem for problem in found if problem.param == param), None)

    def reason(self, param: str, value: object) -> str:
        problem = self.problem_with(param, value)
        return problem.message if problem else ""

    def fitted(self) -> tuple[Composition, tuple[Adjustment, ...]]:
        """Put back what the model cannot do, and say what was put back and why.

        A size that is being typed is left alone: its problem is shown beside it instead.
        """
        at_a_service, moved = self._at_a_service()
        composition, adjusted = at_a_service._with_a_model()
        adjusted = [*moved, *adjusted]
        for param in CAN_BE_PUT_BACK:
            if found := composition._fault(param):
                adjusted.append(found)
                composition = composition._put_back(param)
        return composition, tuple(adjusted)

    def with_draft(self, draft: Draft) -> Composition:
        """The same pictures under other settings of the same service."""
        return replace(self, draft=draft)

    def _at_a_service(self) -> tuple[Composition, list[Adjustment]]:
        """The first one takes over from one that was taken out of the settings, and says so."""
        was = self.draft.settings["provider"]
        if was in ("", self.provider.name):
            return self, []
        gone = Adjustment("Service", was[:40], self.provider.name, f"{was[:40]} is not set up.")
        return self.with_draft(self.draft.with_changed(provider="")), [gone]

    def _with_a_model(self) -> tuple[Composition, list[Adjustment]]:
        """A model that has ended, or that this service does not have, gives way to the first."""
        found = self.catalogue.problems(self.request)
        fault = next((problem for problem in found if problem.param == "model"), None)
        if fault is None or not self.models:
            return self, []
        first = self.models[0]
        changed = self.with_draft(self.draft.with_changed(model=first.name))
        chosen = self.draft.settings["model"]
        was = MODELS[chosen].label if chosen in MODELS else chosen
        return changed, [Adjustment("Model", was[:60], first.label, fault.message)]

    def _fault(self, param: str) -> Adjustment | None:
        was = self._words_of(param)
        if was is None:
            return None
        for problem in self.catalogue.problems(self.request):
            if problem.param == param:
                now = _label(param, PARAMS[param].default_text)
                return Adjustment(LABELS[param], was, now, problem.message)
        return None

    def _words_of(self, param: str) -> str | None:
        """The choice as people call it; None when there is nothing to put back."""
        settings = self.draft.settings
        if param == "size" and settings["size"] == CUSTOM:
            return None
        if param == "svg":
            return next((settings[name] for name in SVG_FIELDS if settings[name]), None)
        value = settings[param]
        return None if value == DEFAULTS[param] else _label(param, value)

    def _put_back(self, param: str) -> Composition:
        defaults = {name: DEFAULTS[name] for name in fields_of(param)}
        return self.with_draft(self.draft.with_changed(**defaults))


def changed_settings(one: Draft, other: Draft) -> Iterator[str]:
    """The names of the settings in which two drafts differ."""
    ours, theirs = one.preset_values(), other.preset_values()
    return (name for name in DEFAULTS if ours[name] != theirs[name])


def _label(param: str, value: str) -> str:
    if param == "size" and value == "auto":
        return "Auto"
    return OPTION_LABELS.get(param, {}).get(value, value)
