"""What an answer says of its pictures, as far as a typed program may be told it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from imagestudio.images_api.params import OPTION_LABELS

BACKGROUNDS = frozenset({"opaque", "transparent"})
_SIZE = re.compile(r"[1-9]\d{0,4}x[1-9]\d{0,4}")
_FROM, _TO = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2015, 2100))


def size_said(said: Mapping[str, Any]) -> str | None:
    value = said.get("size")
    return value if isinstance(value, str) and _SIZE.fullmatch(value) else None


def quality_said(said: Mapping[str, Any]) -> str | None:
    value = said.get("quality")
    is_known = isinstance(value, str) and value in OPTION_LABELS["quality"]
    return str(value) if is_known else None


def background_said(said: Mapping[str, Any]) -> str | None:
    value = said.get("background")
    return value if isinstance(value, str) and value in BACKGROUNDS else None


def moment_said(said: Mapping[str, Any]) -> int | None:
    """Seconds since 1970, in a time in which there may be such services."""
    value = said.get("created")
    return value if type(value) is int and _FROM <= value < _TO else None
