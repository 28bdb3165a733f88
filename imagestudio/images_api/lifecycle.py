"""When models end, by a provider's own list as well as by our table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from imagestudio.images_api.modelspec import ModelSpec

MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One entry of `GET /v1/models`."""

    name: str
    shuts_down_on: date | None = None

    @classmethod
    def read_list(cls, document: object) -> tuple[Self, ...]:
        """Read the whole list; what is no entry is passed over."""
        data = document.get("data") if isinstance(document, dict) else None
        entries = data if isinstance(data, list) else []
        return tuple(cls._read(item) for item in entries if _is_entry(item))

    @classmethod
    def _read(cls, item: dict[str, Any]) -> Self:
        return cls(item["id"], _day(item.get("shutdown_date")))


def merged(specs: Iterable[ModelSpec], listed: Iterable[ListedModel]) -> Iterator[ModelSpec]:
    """Put the provider's shutdown dates into our specs; the earlier date of the two counts.

    A model that is not listed stays as it is: lists were seen that left out models that worked.
    """
    days = {model.name: model.shuts_down_on for model in listed if model.shuts_down_on}
    for spec in specs:
        known = [day for day in (spec.shuts_down_on, days.get(spec.name)) if day]
        yield replace(spec, shuts_down_on=min(known)) if known else spec


def _is_entry(item: object) -> bool:
    name = item.get("id") if isinstance(item, dict) else None
    return isinstance(name, str) and 0 < len(name) <= MAX_NAME_CHARS


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
