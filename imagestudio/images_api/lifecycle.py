"""When models end: by our tables for the services that they were read of, and by a service's list.

A date belongs to a service and a model. What one service ends, another may serve for months.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Self

MAX_NAME_CHARS = 200

_END_OF_THE_ONES = date(2026, 12, 1)

# Sources: developers.openai.com/api/docs/deprecations, read 2026-11-29; Microsoft's model
# retirement schedule in its copy of 2026-07-07, newer dates as LiteLLM 1.110.2 cites them.
RETIREMENTS: Mapping[str, Mapping[str, date]] = MappingProxyType(
    {
        "openai": {
            "dall-e-2": date(2026, 5, 12),
            "dall-e-3": date(2026, 5, 12),
            "gpt-image-1": date(2026, 10, 23),
            "gpt-image-1.5": _END_OF_THE_ONES,
            "gpt-image-1-mini": _END_OF_THE_ONES,
            "chatgpt-image-latest": _END_OF_THE_ONES,
        },
        "azure": {
            "gpt-image-1": date(2026, 10, 23),
            "gpt-image-1.5": date(2026, 12, 16),
            "gpt-image-1-mini": date(2027, 4, 7),
            "gpt-image-2": date(2027, 10, 21),
            "gpt-image-2.5-flare": date(2027, 9, 9),
            "gpt-image-2.5-sunburst": date(2027, 9, 9),
        },
        "none": {},
    }
)

_YEAR_10000 = 253_402_300_800


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One entry of `GET /v1/models`."""

    name: str
    shuts_down_on: date | None = None
    created: int | None = None

    @classmethod
    def read_list(cls, document: object) -> tuple[Self, ...]:
        """Read the whole list; what is no entry is passed over."""
        data = document.get("data") if isinstance(document, dict) else None
        entries = data if isinstance(data, list) else []
        return tuple(cls._read(item) for item in entries if _is_entry(item))

    @staticmethod
    def write_list(models: Iterable[ListedModel]) -> dict[str, object]:
        """The list in its own form, with the fields that we read."""
        return {"data": [model._document() for model in models]}

    def _document(self) -> dict[str, object]:
        document: dict[str, object] = {"id": self.name}
        if self.shuts_down_on:
            document["shutdown_date"] = self.shuts_down_on.isoformat()
        if self.created is not None:
            document["created"] = self.created
        return document

    @classmethod
    def _read(cls, item: dict[str, Any]) -> Self:
        created = item.get("created")
        is_moment = type(created) is int and 0 < created < _YEAR_10000
        return cls(item["id"], _last_day(item), created if is_moment else None)


def _is_entry(item: object) -> bool:
    name = item.get("id") if isinstance(item, dict) else None
    return isinstance(name, str) and 0 < len(name) <= MAX_NAME_CHARS and name.isprintable()


def _last_day(item: dict[str, Any]) -> date | None:
    """In the official words, or in Azure's: seconds under `deprecation`, for its inference."""
    if found := as_day(item.get("shutdown_date")):
        return found
    deprecation = item.get("deprecation")
    moment = deprecation.get("inference") if isinstance(deprecation, dict) else None
    if type(moment) is int and 0 < moment < _YEAR_10000:
        return datetime.fromtimestamp(moment, UTC).date()
    return None


def as_day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
