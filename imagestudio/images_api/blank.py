"""Whether a text says anything to the eye: white space is not all that shows nothing."""

import unicodedata

# Controls, invisible formats and separators. Private and unknown characters may have a shape.
_UNSEEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}
# Letters and signs that by their definition show nothing: fillers, an empty Braille cell, and
# marks that only change what stands before them. Source: Unicode, Default_Ignorable_Code_Point.
_UNSEEN = {0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0}
_UNSEEN_RANGES = ((0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF))
_MARKS = {"Mn", "Me"}


def is_blank(text: str) -> bool:
    """True when not one character of it can be seen."""
    return not any(_is_seen(character) for character in text)


def _is_seen(character: str) -> bool:
    category, code = unicodedata.category(character), ord(character)
    if category in _UNSEEN_CATEGORIES or category in _MARKS or code in _UNSEEN:
        return False
    return not any(first <= code <= last for first, last in _UNSEEN_RANGES)
