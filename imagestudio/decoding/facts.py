"""What is learned about a picture, and the two ways of being refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

KINDS = ("png", "jpeg", "webp", "gif", "svg", "avif")


class NotAPicture(Exception):
    """These bytes are no picture that we take; the text says why, without the file's name."""


class UnsafePicture(NotAPicture):
    """A picture that could act when it is opened. A cleaned copy of it may be taken instead."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Width and height are as shown: orientation is what the file says, already counted in."""

    format: str  # One of KINDS.
    width: int
    height: int
    frames: int = 1
    has_alpha: bool = False
    orientation: int = 1
    has_credentials: bool = False  # A C2PA manifest is there; nobody has checked its signature.
    is_whole: bool = True  # Else some of it is missing or damaged, but something can be seen.
    transparent_share: float | None = None  # Of fully transparent pixels; only where asked for.

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Facts:
        """Read what a child wrote, which may have been taken over: nothing is believed unseen."""
        facts = cls(**data)
        for name, hint in get_type_hints(cls).items():
            # By its very type: True would pass for a number.
            kind = type(getattr(facts, name))
            if kind not in (get_args(hint) or (hint,)):
                raise ValueError(f"{name} is {kind.__name__}, not {hint}")
        if facts.format not in KINDS:
            raise ValueError(f"{facts.format!r} is no kind of picture")
        return facts
