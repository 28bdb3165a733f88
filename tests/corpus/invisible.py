"""Texts that show nothing, and texts that hold something unseen beside what they show."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    name: str
    value: str


INVISIBLE = (
    Text("nothing", ""),
    Text("spaces", " \t\r\n"),
    Text("ideographic space", "\u3000"),
    Text("zero width space", "\u200b"),
    Text("byte order mark", "\ufeff"),
    Text("invisible separator", "\u2063"),
    Text("joiner", "\u200d"),
    Text("soft hyphen", "\u00ad"),
    Text("variation selector", "\ufe0f"),
    Text("Hangul filler", "\u3164"),
    Text("half-width Hangul filler", "\uffa0"),
    Text("Hangul choseong filler", "\u115f"),
    Text("empty Braille cell", "\u2800"),
    Text("grapheme joiner", "\u034f"),
    Text("override of direction", "\u202e\u202c"),
    Text("tag characters", "\U000e0041\U000e007f"),
    Text("many kinds at once", " \u200b\u3164\ufeff\u2800 \n"),
)
VISIBLE = (
    Text("a letter", "a"),
    Text("a letter among the unseen", "\u200b\u3164a\ufeff"),
    Text("a family of emoji", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    Text("a heart with its selector", "\u2764\ufe0f"),
    Text("Arabic", "\u0642\u0637\u0629"),
    Text("Hindi", "\u092c\u093f\u0932\u094d\u0932\u0940"),
    Text("a digit", "7"),
    Text("a mark of punctuation", "!"),
    Text("a private character", "\ue000"),
)
