"""Image request and answer, as values that cross our layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Self

Operation = Literal["generate", "edit", "vary"]

# No honest request comes near it; a larger count is a fault of the server and not a bill.
MAX_BELIEVABLE_TOKENS = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFacts:
    """What is known of a picture that goes along; its bytes travel beside the request.

    Width and height are those that one sees, after any turn that EXIF asks for.
    """

    sha256: str
    format: str  # "png", "jpeg", "webp": from the bytes, never from the name.
    width: int
    height: int
    byte_count: int
    has_alpha: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A picture that goes along and that we never see: the service has it, or fetches it."""

    position: int  # Among all pictures of the request.
    file_id: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SvgAuthor:
    """Which language model writes an SVG, and how hard it thinks."""

    model: str
    effort: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """One request as the member made it; `auto` and None mean "let the model decide".

    What its fields are called, may be and are for stands in `params`.
    """

    operation: Operation = "generate"
    model: str
    prompt: str
    n: int = 1
    size: str = "auto"
    quality: str = "auto"
    background: str = "auto"
    output_format: str = "png"
    output_compression: int | None = None
    moderation: str = "auto"
    complexity: str = "auto"
    frame_count: int | None = None
    frame_duration_ms: int | None = None
    svg: SvgAuthor | None = None
    input_fidelity: str = "auto"
    partial_images: int = 0
    stream: bool = False
    safety_identifier: str | None = None  # A hash that stands for the member.
    inputs: tuple[InputFacts, ...] = ()
    mask: InputFacts | None = None
    markup: InputFacts | None = None
    references: tuple[Elsewhere, ...] = ()

    @property
    def is_streamed(self) -> bool:
        return self.stream or self.partial_images > 0

    def to_json(self) -> dict[str, object]:
        """A later field is left out where nobody chose it, so that older requests stay the same."""
        return {
            name: value
            for name, value in asdict(self).items()
            if name in _FIRST_FIELDS or getattr(self, name) != UNSET[name]
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a stored request; fields that were added since take their defaults."""
        known = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        if "inputs" in known:
            known["inputs"] = tuple(InputFacts(**facts) for facts in known["inputs"])
        if "references" in known:
            known["references"] = tuple(Elsewhere(**each) for each in known["references"])
        for name, kind in _NESTED.items():
            if known.get(name) is not None:
                known[name] = kind(**known[name])
        return cls(**known)


_NESTED: dict[str, type[InputFacts | SvgAuthor]] = {
    "svg": SvgAuthor,
    "mask": InputFacts,
    "markup": InputFacts,
}

# A repeat is known by a hash of the whole request, so what was always in it must stay in it. This
# list never grows.
_FIRST_FIELDS = frozenset(
    {
        "operation",
        "model",
        "prompt",
        "n",
        "size",
        "quality",
        "background",
        "output_format",
        "output_compression",
        "moderation",
        "complexity",
        "frame_count",
        "frame_duration_ms",
        "svg",
        "input_fidelity",
        "partial_images",
        "stream",
        "safety_identifier",
        "inputs",
        "mask",
        "markup",
    }
)

# What each field is when nobody has chosen it.
UNSET: Mapping[str, object] = {
    item.name: item.default for item in fields(ImageRequest) if item.default is not MISSING
}


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of a whole request, all images together; `raw` is fit to be passed on."""

    input_tokens: int
    output_tokens: int
    text_in: int
    image_in: int
    text_out: int
    image_out: int
    raw: dict[str, Any] = field(repr=False)
    svg_tokens: int = 0  # Of the model that wrote an SVG; they are charged at its own prices.

    @classmethod
    def of_answer(cls, body: Mapping[str, Any]) -> Self | None:
        """Read all that an answer says about its cost."""
        usage = cls.parse(body.get("usage"))
        author = body.get("svg_usage")
        if usage is None or not isinstance(author, dict):
            return usage
        # An amount that makes no sense still says that there is something to pay.
        return replace(usage, svg_tokens=math.ceil(_amount(author, "total_tokens") or 1))

    @classmethod
    def parse(cls, obj: object) -> Self | None:
        """Read `usage` of an answer; None when it is missing or can't be true.

        Answers without details are read as text in and images out, which is what streamed
        events and older servers mean. No picture is made of no tokens, and parts that do not add
        up to their total are none: what such an answer cost is not known.
        """
        if not isinstance(obj, dict):
            return None
        total_in, total_out = _amount(obj, "input_tokens"), _amount(obj, "output_tokens")
        if total_in is None or not total_out:
            return None
        ins = _split(obj.get("input_tokens_details"), (total_in, 0))
        outs = _split(obj.get("output_tokens_details"), (0, total_out))
        if ins is None or outs is None:
            return None
        total = _amount(obj, "total_tokens") or 0
        if obj.get("total_tokens") is not None and not math.isclose(total, total_in + total_out):
            return None
        (text_in, image_in), (text_out, image_out) = map(math.ceil, ins), map(math.ceil, outs)
        return cls(
            math.ceil(total_in),
            math.ceil(total_out),
            text_in,
            image_in,
            text_out,
            image_out,
            passed_on(obj),
        )


@dataclass(frozen=True, slots=True)
class AnswerImage:
    """One picture of an answer, already on disk.

    `path` holds the decoded bytes or, when there is a `problem`, the text that would not decode;
    hash and count are those of that file.
    """

    index: int
    path: Path
    sha256: str
    byte_count: int
    problem: str | None = None

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"path": self.path.name}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], folder: Path) -> Self:
        """Read a picture's line of a manifest; only the file's name counts, never a path."""
        return cls(**{**data, "path": folder / Path(data["path"]).name})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer with at least one picture that decoded; `body` is it without the base64."""

    http_status: int
    request_id: str | None
    created: int | None
    images: tuple[AnswerImage, ...]
    usage: Usage | None
    body: dict[str, Any]
    bytes_received: int
    duration_s: float
    processing_ms: int | None = None
    rate_limits: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Give what a manifest keeps; `from_json` with the files' folder reads it back."""
        return {
            "http_status": self.http_status,
            "request_id": self.request_id,
            "created": self.created,
            "images": [image.to_json() for image in self.images],
            "body": self.body,
            "bytes_received": self.bytes_received,
            "duration_s": self.duration_s,
            "processing_ms": self.processing_ms,
            "rate_limits": self.rate_limits,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], folder: Path) -> Self:
        images = tuple(AnswerImage.from_json(image, folder) for image in data["images"])
        usage = Usage.of_answer(data["body"])
        return cls(**{**data, "images": images, "usage": usage})


def _amount(obj: Mapping[str, Any], key: str) -> float | None:
    """A number of tokens, also one in a text; None for all that no count can be."""
    value = obj.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value <= MAX_BELIEVABLE_TOKENS else None


def _split(details: object, without: tuple[float, float]) -> tuple[float, float] | None:
    """Divide a total into text and image tokens; a part that is not told is the rest."""
    if details is None:
        return without
    if not isinstance(details, dict):
        return None
    keys = [key for key in ("text_tokens", "image_tokens") if details.get(key) is not None]
    told = {key: _amount(details, key) for key in keys}
    if not told:
        return without
    total, text, image = sum(without), told.get("text_tokens", 0), told.get("image_tokens", 0)
    if text is None or image is None:
        return None
    if len(told) == 1:
        text, image = (total - image, image) if "image_tokens" in told else (text, total - text)
    return (text, image) if min(text, image) >= 0 and math.isclose(text + image, total) else None


def passed_on(obj: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """The same for other readers: whole numbers of tokens, and nothing that is no number."""
    kept: dict[str, Any] = {}
    for name, value in obj.items():
        amount = _amount(obj, name)
        if name.endswith("_tokens"):
            kept |= {} if amount is None else {name: math.ceil(amount)}
        elif isinstance(value, dict) and depth < 2:
            kept[name] = passed_on(value, depth + 1)
        elif amount is not None:
            kept[name] = value
    return kept
