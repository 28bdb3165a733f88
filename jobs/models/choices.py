"""Words of the states as choices and values of columns."""

from collections.abc import Iterable
from enum import StrEnum


def choices(words: type[StrEnum]) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in words]


def values(words: Iterable[StrEnum]) -> list[str]:
    """Plain texts: a migration must not depend on our names of today."""
    return sorted(word.value for word in words)
