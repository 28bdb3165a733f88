"""Numbers that strangers write."""

from __future__ import annotations


def whole_number(text: str, most: int) -> int | None:
    """A number from 0 to `most` in plain digits, and in no more of them than that has."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)):
        return None
    number = int(text)
    return number if number <= most else None
