"""The fields of the three endpoints: read from here, and documented from here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from imagestudio.images_api.aliases import QUALITIES, STYLES
from imagestudio.images_api.capabilities import MODELS
from imagestudio.images_api.modelspec import SVG_EFFORTS
from imagestudio.images_api.params import PARAMS, Endpoint, Param

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

# What a schema can say of a parameter besides its row in the table.
_RULES: Mapping[str, Mapping[str, object]] = {
    "size": {"pattern": SIZE_PATTERN},
    "frame_count": {"minimum": _FRAMES.min_count, "maximum": _FRAMES.max_count},
    "frame_duration_ms": {
        "minimum": _FRAMES.min_duration_ms,
        "maximum": _FRAMES.max_duration_ms,
    },
    "svg": SVG_RULES,
    "safety_identifier": {"maxLength": MAX_IDENTIFIER_CHARS},
}


def _of(endpoint: Endpoint) -> tuple[Field, ...]:
    """The parameters of the table that an endpoint takes."""
    rows = (param for param in PARAMS.values() if endpoint in param.endpoints)
    return tuple(Field(row.name, row.kind, row.about, dict(_rules(row))) for row in rows)


def _rules(param: Param) -> Iterator[tuple[str, object]]:
    if param.options:
        yield "enum", (*param.options, *_OLD_WORDS.get(param.name, ()))
    if param.minimum is not None:
        yield "minimum", param.minimum
    if param.maximum is not None:
        yield "maximum", param.maximum
    yield from _RULES.get(param.name, {}).items()
    if param.default is not None:
        yield "default", param.default


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
STYLE = Field(
    "style",
    str,
    "With the name of a model that is gone, or without one: said to its successor in words.",
    {"enum": tuple(STYLES)},
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

GENERATION = (PROMPT, MODEL, *_of("generations"), STYLE, RESPONSE_FORMAT, USER)
EDIT = (*GENERATION, *(each for each in _of("edits") if each not in GENERATION))
VARIATION = (MODEL, *_of("variations"), RESPONSE_FORMAT, USER)
