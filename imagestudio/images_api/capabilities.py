"""Catalogue: what a service's models can do today, by our table, its own list and its settings.

Form, gateway, verbs and browser all ask here. Our table's dates hold for the services that it was
read of; a date in the settings or in the service's own list wins over it, be it earlier or later;
and a model that either of them names is served until the service itself says no.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from imagestudio.images_api import day
from imagestudio.images_api.lifecycle import RETIREMENTS, ListedModel
from imagestudio.images_api.models import DEFAULT_MODEL, MODELS, guess, known
from imagestudio.images_api.modelspec import ModelSpec
from imagestudio.images_api.params import OPTION_LABELS
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.rules import Problem, ProblemCode
from imagestudio.images_api.sizes import parse_size
from imagestudio.images_api.types import ImageRequest

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "OFFICIAL",
    "OPTION_LABELS",
    "Catalogue",
    "ListedModel",
    "ModelSpec",
    "Problem",
    "ProblemCode",
    "parse_size",
]

_MAX_SAID = 8  # Names in a sentence.
# A list names models of all kinds. By these an unknown one is taken for one that draws.
_DRAWS = re.compile(
    r"image|dall-?e|flux|diffusion|sd-?(xl|[0-9])|recraft|seedream|ideogram|kandinsky|pixart"
    r"|hidream|kolors|dreamshaper|playground-v|omnigen|midjourney",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Catalogue:
    """The models of one service on one day. Without a service: the official one, as documented."""

    provider: Provider | None = None
    listed: tuple[ListedModel, ...] = ()
    today: date | None = None  # None for the day on which it is asked.

    def offered(self) -> list[ModelSpec]:
        """Give the models to choose from, the default first; dated snapshots go by name only."""
        specs = (self.spec_of(name) for name in self._menu())
        return [spec for spec in specs if spec and spec.is_available(self._day)]

    def spec_of(self, model: str) -> ModelSpec | None:
        """Give what is known of a model, with its dates here; None for one not served here."""
        if self._only and model not in self._only:
            return None
        spec = known(model) if self._has_table or self.names(model) else None
        if spec and (spec.name in MODELS or self.names(model) or self._takes_any):
            return self._dated(spec)
        return self._dated(guess(model)) if self.names(model) or self._takes_any else None

    def names(self, model: str) -> bool:
        """Whether the service's own list or its settings name the model: then it is served."""
        return model in self._listed_days or model in self._named()

    def problems(self, request: ImageRequest) -> list[Problem]:
        """Say what is wrong with a request to any model, known, gone or never heard of.

        Without a service nothing is offered that only some accounts or servers have.
        """
        spec, provider = self.spec_of(request.model), self.provider
        if spec is None:
            return [self._unknown(request.model)]
        previews = provider is not None and provider.allows_preview_formats
        found = spec.problems(request, self._day, allows_previews=previews)
        return [*found, *(provider.problems(request) if provider else ())]

    @property
    def _day(self) -> date:
        return self.today or day.today()

    @cached_property
    def _listed_days(self) -> dict[str, date | None]:
        return {each.name: each.shuts_down_on for each in self.listed}

    @property
    def _only(self) -> tuple[str, ...]:
        return self.provider.only_models if self.provider else ()

    @property
    def _retirements(self) -> str:
        return self.provider.retirements if self.provider else "openai"

    @property
    def _has_table(self) -> bool:
        return self.provider is None or not self.provider.has_own_models or self._takes_any

    @property
    def _takes_any(self) -> bool:
        """A server of its own models that told us none of them yet: any name may be right."""
        own = self.provider is not None and self.provider.has_own_models
        return own and not self.listed and not self._named()

    def _named(self) -> tuple[str, ...]:
        """The models that the settings speak of, in their order."""
        if self.provider is None:
            return ()
        ours = (name for name, _ in self.provider.model_names)
        return (*self.provider.only_models, *self.provider.models, *ours)

    def _menu(self) -> Iterator[str]:
        if self._only:
            yield from self._only
            return
        table = [spec for spec in MODELS.values() if spec.snapshot_of is None]
        if self._has_table:
            yield from (spec.name for spec in table if not self._has_likely_ended(spec))
        more = dict.fromkeys((*self._named(), *self._drawing()))
        yield from (name for name in more if not self._has_table or name not in MODELS)

    def _drawing(self) -> Iterator[str]:
        """What the service lists that probably draws; dated snapshots go by name only."""
        all_draw = self.provider is not None and self.provider.lists_only_images
        for each in self.listed:
            spec = known(each.name)
            is_snapshot = spec is not None and spec.snapshot_of is not None
            if not is_snapshot and (spec or all_draw or _DRAWS.search(each.name)):
                yield each.name

    def _has_likely_ended(self, spec: ModelSpec) -> bool:
        """Where no table holds: gone at its maker, and nothing here says that it is not."""
        ended = RETIREMENTS["openai"].get(spec.name)
        is_past = ended is not None and ended <= self._day
        return self._retirements == "none" and is_past and not self.names(spec.name)

    def _dated(self, spec: ModelSpec) -> ModelSpec:
        last_day = self._last_day(spec)
        successor = self._successor(spec) if last_day else None
        created = self._created(spec)
        return replace(spec, shuts_down_on=last_day, replacement=successor, created=created)

    def _created(self, spec: ModelSpec) -> int:
        found = (each.created for each in self.listed if each.name == spec.name)
        return next(found, None) or spec.created

    def _last_day(self, spec: ModelSpec) -> date | None:
        """By the settings, else by the service's own list, else by the table that holds here."""
        names = (spec.name, spec.snapshot_of) if spec.snapshot_of else (spec.name,)
        set_days = dict(self.provider.shutdown_dates) if self.provider else {}
        table = RETIREMENTS[self._retirements]
        for name in names:
            if name in set_days:
                return set_days[name]
        for name in names:
            if found := self._listed_days.get(name):
                return found
        announced = next((table[name] for name in names if name in table), None)
        # Still named behind the announced day, it was kept: the service says itself when it ends.
        is_over = announced is not None and announced <= self._day
        return None if is_over and self.names(spec.name) else announced

    def _successor(self, spec: ModelSpec) -> str | None:
        """The first of the menu that outlives it."""
        for name in self._menu():
            other = known(name) or guess(name)
            last_day = self._last_day(other)
            if name != spec.name and (last_day is None or last_day > self._day):
                return name
        return None

    def _unknown(self, model: str) -> Problem:
        shown = model[:60]
        provider = self.provider
        if provider and (self._only or provider.has_own_models):
            here = self._only or tuple(self._menu()) or tuple(self._listed_days)
            more = ", ..." if len(here) > _MAX_SAID else ""
            message = f"{provider.name} serves {', '.join(here[:_MAX_SAID])}{more}, not {shown}."
            return Problem("model", message, values=here)
        first = next((spec.name for spec in self.offered()), DEFAULT_MODEL)
        if ended := RETIREMENTS[self._retirements].get(model):
            message = f"{shown} ended on {ended.isoformat()}. Use {first} instead."
        else:
            message = f"There is no model {shown}. Try {first}."
        return Problem("model", message, values=(first,))


OFFICIAL = Catalogue()


def offered(
    today: date, provider: Provider | None = None, listed: Iterable[ListedModel] = ()
) -> list[ModelSpec]:
    return Catalogue(provider, tuple(listed), today).offered()


def problems(
    request: ImageRequest,
    today: date | None = None,
    provider: Provider | None = None,
    listed: Iterable[ListedModel] = (),
) -> list[Problem]:
    return Catalogue(provider, tuple(listed), today).problems(request)
