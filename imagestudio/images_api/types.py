"""What goes to the Images API and what comes back, as values that cross our layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self

Operation = Literal["generate", "edit", "vary"]

# No honest request comes near it; a larger count is a fault of the server and not a bill.
MAX_BELIEVABLE_TOKENS = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """One request as the member made it; `auto` and None mean "let the model decide"."""

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

    def to_json(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a stored request; fields that were added since take their defaults."""
        return cls(**{item.name: data[item.name] for item in fields(cls) if item.name in data})


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of a whole request, all images together."""

    input_tokens: int
    output_tokens: int
    text_in: int
    image_in: int
    text_out: int
    image_out: int
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, obj: object) -> Self | None:
        """Read `usage` of an answer; None when it is missing or no number to charge by.

        Answers without details are read as text in and images out, which is what streamed
        events and older servers mean.
        """
        if not isinstance(obj, dict):
            return None
        total_in, total_out = _count(obj, "input_tokens"), _count(obj, "output_tokens")
        if total_in is None or total_out is None:
            return None
        text_in, image_in = _split(obj.get("input_tokens_details"), (total_in, 0))
        text_out, image_out = _split(obj.get("output_tokens_details"), (0, total_out))
        if text_in is None or image_in is None or text_out is None or image_out is None:
            return None
        return cls(total_in, total_out, text_in, image_in, text_out, image_out, dict(obj))


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
        usage = Usage.parse(data["body"].get("usage"))
        return cls(**{**data, "images": images, "usage": usage})


def _count(obj: Mapping[str, Any], key: str) -> int | None:
    value = obj.get(key)
    if type(value) is not int or not 0 <= value <= MAX_BELIEVABLE_TOKENS:
        return None
    return value


def _split(details: object, without: tuple[int, int]) -> tuple[int | None, int | None]:
    """Divide a total into text and image tokens."""
    if details is None:
        return without
    if not isinstance(details, dict):
        return None, None
    return _count(details, "text_tokens"), _count(details, "image_tokens")
