"""The fields of the three endpoints: read from here, and documented from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from imagestudio.images_api.aliases import QUALITIES, STYLES
from imagestudio.images_api.capabilities import MODELS
from imagestudio.images_api.modelspec import SVG_EFFORTS
from imagestudio.images_api.params import MAX_PARTIAL_IMAGES, OPTION_LABELS

JSON_NAMES: Mapping[type, str] = {str: "string", int: "integer", bool: "boolean", dict: "object"}
MAX_TEXT_CHARS = 40_000  # More than any model reads, so that its own limit is what is told.
MAX_IDENTIFIER_CHARS = 128  # As the provider says where it says a number.
RESPONSE_FORMATS = ("b64_json", "url")
_OLD_WORDS = {"quality": tuple(QUALITIES)}  # Of models that are gone; see `images_api.aliases`.


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request: its type on the wire, what it may be, and what it is for."""

    name: str
    kind: type
    about: str
    rules: Mapping[str, object] = field(default_factory=dict)
    is_required: bool = False

    @property
    def schema(self) -> dict[str, object]:
        """As JSON Schema. Null means "not given" for every field that may be left out."""
        name = JSON_NAMES[self.kind]
        if self.is_required:
            return {"type": name, "description": self.about, **self.rules}
        rules = dict(self.rules)
        if isinstance(values := rules.get("enum"), tuple):
            rules["enum"] = [*values, None]
        return {"type": [name, "null"], "description": self.about, **rules}


def _choice(name: str, about: str, default: str = "auto") -> Field:
    values = (*OPTION_LABELS[name], *_OLD_WORDS.get(name, ()))
    return Field(name, str, about, {"enum": values, "default": default})


def _number(name: str, about: str, least: int, most: int, default: int | None = None) -> Field:
    rules: dict[str, object] = {"minimum": least, "maximum": most}
    if default is not None:
        rules["default"] = default
    return Field(name, int, about, rules)


_FRAMES = next(spec.frames for spec in MODELS.values() if spec.frames)
SIZE_PATTERN = "^(auto|[1-9][0-9]{1,4}x[1-9][0-9]{1,4})$"
SVG_RULES: Mapping[str, object] = {
    "required": ["model"],
    "additionalProperties": False,
    "properties": {
        "model": {"type": "string", "minLength": 1, "maxLength": 100},
        "reasoning": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "effort": {"type": ["string", "null"], "enum": [*SVG_EFFORTS, None]},
            },
        },
    },
}

PROMPT = Field(
    "prompt",
    str,
    "What is to be seen, or to be changed.",
    {"minLength": 1, "maxLength": 32_000},
    is_required=True,
)
MODEL = Field(
    "model",
    str,
    "A model of `GET /v1/models`. Left out or empty, the studio takes its first one.",
)
N = _number("n", "How many pictures.", 1, 10, 1)
SIZE = Field(
    "size",
    str,
    "`auto` or WIDTHxHEIGHT; what fits depends on the model.",
    {"pattern": SIZE_PATTERN, "default": "auto"},
)
RESPONSE_FORMAT = Field(
    "response_format",
    str,
    "`b64_json`, or `url` for a signed address at the studio that works for an hour. Left out, it"
    " is what the model's own service gave: `url` for dall-e-2 and dall-e-3, both without a model.",
    {"enum": RESPONSE_FORMATS},
)
USER = Field(
    "user",
    str,
    "The older name of `safety_identifier`, and passed on as that where it is not given; what is"
    f" longer than {MAX_IDENTIFIER_CHARS} characters as its hash.",
)
SAFETY_IDENTIFIER = Field(
    "safety_identifier",
    str,
    "Stands for the end user at the provider; a hash, never a name.",
    {"maxLength": MAX_IDENTIFIER_CHARS},
)

_DRAWING = (
    PROMPT,
    MODEL,
    N,
    SIZE,
    _choice(
        "quality",
        "How much work goes into it; what a model knows differs. `standard` and `hd` are understood"
        " with the name of a model that is gone, or without one.",
    ),
    _choice("background", "`transparent` goes with png and webp."),
    _choice("output_format", "The format of the file.", "png"),
    _number("output_compression", "For webp and jpeg.", 0, 100, 100),
    _choice("moderation", "How strict the provider's safety system is."),
    _choice("complexity", "How much is planned before it is drawn."),
    Field("stream", bool, "Answer with events as the picture comes.", {"default": False}),
    _number("partial_images", "Previews on the way, with `stream`.", 0, MAX_PARTIAL_IMAGES, 0),
    _number("frame_count", "Of a gif.", _FRAMES.min_count, _FRAMES.max_count),
    _number("frame_duration_ms", "Of a gif.", _FRAMES.min_duration_ms, _FRAMES.max_duration_ms),
    Field("svg", dict, "Which language model writes an svg.", SVG_RULES),
    Field(
        "style",
        str,
        "With the name of a model that is gone, or without one: said to its successor in words.",
        {"enum": tuple(STYLES)},
    ),
    RESPONSE_FORMAT,
    SAFETY_IDENTIFIER,
    USER,
)

GENERATION: tuple[Field, ...] = _DRAWING
EDIT: tuple[Field, ...] = (
    *_DRAWING,
    _choice("input_fidelity", "How close the pictures that go along are kept."),
)
VARIATION: tuple[Field, ...] = (MODEL, N, SIZE, RESPONSE_FORMAT, USER)
