"""Reads what an error says, in whichever of the many shapes services and proxies put it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from imagestudio.images_api import codes
from imagestudio.images_api.codes import OwnCode, plain

MAX_DEPTH = 6
MAX_ITEMS = 5
MAX_TEXT_CHARS = 4_000
NO_REASON = "no reason given"

# Where the words may stand, the likeliest first; only the first that is there is read.
_REASONS = (
    "message",
    "msg",
    "detail",
    "error_description",
    "error_message",
    "errorMessage",
    "status_msg",
    "description",
    "details",
    "reason",
)
_INSIDE = ("error", "errors", "detail", "fault", "base_resp")
_CODES = ("code", "error_code", "errorCode", "status", "reason")
_NAMES = (*_CODES, "type", "error_type", "errorType")
_STATUSES = (*_CODES, "status_code", "statusCode", "http_code")
_IDS = ("request_id", "requestId", "trace_id")
_OF_AN_ERROR = (*_INSIDE, "message", "msg", "error_message", "errorMessage")
_FILTERED = ("raiFilteredReason", "filtered_reason", "rai_filtered_reason")
_IS_FINE = ("respect_moderation", "is_image_safe")
_IS_NOT = ("nsfw", "has_nsfw_concepts", "nsfw_content_detected")
_KNOWN = frozenset((*_REASONS, *_INSIDE, *_NAMES, *_STATUSES, *_IDS))
_SAYS_NOTHING = frozenset({"error", "fail", "failed", "failure"})
_CODE_SHAPE = re.compile(r"[A-Za-z][\w.:-]{0,999}")
_VIOLATIONS = re.compile(r"safety_violations=\[([^\]]{1,300})\]")
_CHECK = re.compile(r"SAFETY_CHECK_TYPE_([A-Z_]{2,40})")

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error says; `names` are all that it is called by, as `plain` has them."""

    message: str
    kind: str | None = None
    code: str | None = None
    param: str | None = None
    categories: tuple[str, ...] = ()
    moderation_stage: str | None = None
    names: frozenset[str] = frozenset()
    status: int | None = None  # A number in the place of a code, as proxies write it.
    request_id: str | None = None
    retry_after_s: float | None = None
    is_envelope: bool = False  # In the official shape, `{"error": {"message": ...}}`.

    @classmethod
    def read(cls, body: bytes) -> Self | None:
        """None for a page, for nothing at all, and for what nobody can read."""
        try:
            text = body.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            return None
        try:
            return cls.of(json.loads(text))
        except (ValueError, RecursionError):
            return cls(text[:MAX_TEXT_CHARS]) if _is_for_people(text) else None

    @classmethod
    def of(cls, document: object) -> Self | None:
        """Read a JSON document of any shape."""
        reader = _Reader()
        reader.read(document)
        objects, message = reader.objects, "; ".join(reader.texts)
        names = frozenset(name for item in objects for name in _names(item))
        if not (message or names or len(objects) > 1):
            return None
        error = document.get("error") if isinstance(document, dict) else None
        return cls(
            message=message or NO_REASON,
            kind=_first(objects, lambda item: _code(item.get("type"))),
            code=_first(objects, lambda item: _any(item, _CODES, _code)),
            param=_first(objects, _param) or reader.field,
            categories=_categories(objects, message),
            moderation_stage=_first(objects, _moderation_stage),
            names=names,
            status=_first(objects, lambda item: _any(item, _STATUSES, _status)),
            request_id=_first(objects, lambda item: _any(item, _IDS, _text)),
            retry_after_s=_first(objects, lambda item: _seconds(item.get("retryDelay"))),
            is_envelope=isinstance(error, dict) and isinstance(error.get("message"), str),
        )


def in_place_of_pictures(document: Mapping[str, Any]) -> ErrorBody | None:
    """Find what a success says that has no picture: an error, or that it was withheld."""
    data = document.get("data")
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    parts: list[Mapping[str, Any]] = [document, *items[:MAX_ITEMS]]
    withheld = next(filter(None, map(_withheld, parts)), None)
    errors = [part for part in parts if any(map(part.get, _OF_AN_ERROR))]
    said = ErrorBody.of(errors[0]) if errors else None
    if withheld is None or said is None:
        return said or withheld
    return replace(said, names=said.names | withheld.names)


class _Reader:
    """Collects the objects of an error, from the outside in, and the words in them."""

    def __init__(self) -> None:
        self.objects: list[dict[str, Any]] = []
        self.texts: list[str] = []
        self.field: str | None = None

    def read(self, value: object, depth: int = 0) -> None:
        if depth > MAX_DEPTH or len(self.objects) > MAX_ITEMS * MAX_DEPTH:
            return
        if isinstance(value, str):
            self._read_text(value.strip()[:MAX_TEXT_CHARS], depth)
        elif isinstance(value, list):
            for item in value[:MAX_ITEMS]:
                self.read(item, depth + 1)
        elif isinstance(value, dict):
            self._read_object(value, depth + 1)

    def _read_text(self, text: str, depth: int) -> None:
        if text[:1] in ("{", "["):
            try:
                # Proxies hand on what they were told, as a text in their own envelope.
                return self.read(json.loads(text), depth + 1)
            except (ValueError, RecursionError):
                pass
        if text and not any(text in known for known in self.texts):
            self.texts = [known for known in self.texts if known not in text][: MAX_ITEMS - 1]
            self.texts.append(text)
        return None

    def _read_object(self, item: dict[str, Any], depth: int) -> None:
        self.objects.append(item)
        if depth > 1 and _KNOWN.isdisjoint(item):
            return self._read_fields(item)
        # A short `error` beside a longer message is its title.
        for title in ("title", "error"):
            if isinstance(item.get(title), str):
                self.read(item[title], depth)
        spoken = next((key for key in _REASONS if item.get(key)), "")
        self.read(item.get(spoken), depth)
        for name in _INSIDE:
            if name != spoken and isinstance(item.get(name), dict | list):
                self.read(item[name], depth)
        return self._read_beside(item, depth)

    def _read_fields(self, item: dict[str, Any]) -> None:
        """`{"size": ["must be a multiple of 16"]}`: what each field got to hear."""
        for name, said in list(item.items())[:MAX_ITEMS]:
            words = said[0] if isinstance(said, list) and said else said
            if isinstance(words, str):
                self.field = self.field or name
                self._read_text(f"{name}: {words}"[:MAX_TEXT_CHARS], MAX_DEPTH)

    def _read_beside(self, item: dict[str, Any], depth: int) -> None:
        """Azure's inner error, Google's details and OpenRouter's metadata have more names."""
        details, metadata = item.get("details"), item.get("metadata")
        beside = [item.get("inner_error"), item.get("innererror"), metadata]
        beside += details[:MAX_ITEMS] if isinstance(details, list) else []
        self.objects += [each for each in beside if isinstance(each, dict)]
        if isinstance(metadata, dict):
            self.read(metadata.get("raw"), depth)


def _withheld(item: Mapping[str, Any]) -> ErrorBody | None:
    """A picture that was made, perhaps, and is not shown."""
    reason = next((item[key] for key in _FILTERED if isinstance(item.get(key), str)), "")
    finish = item.get("finish_reason", item.get("finishReason"))
    is_kept = isinstance(finish, str) and plain(finish) in codes.WITHHELD
    is_kept = is_kept or any(item.get(key) is False for key in _IS_FINE)
    if not (is_kept or reason or any(item.get(key) in (True, [True]) for key in _IS_NOT)):
        return None
    message = reason or "The service's moderation kept the picture back."
    code = OwnCode.MODERATION_BLOCKED
    return ErrorBody(message, code=code, names=frozenset({plain(code)}))


def _first(
    objects: list[dict[str, Any]], read: Callable[[dict[str, Any]], Read | None]
) -> Read | None:
    return next((found for found in map(read, objects) if found is not None), None)


def _any(
    item: Mapping[str, Any], keys: tuple[str, ...], read: Callable[[object], Read | None]
) -> Read | None:
    return next((found for key in keys if (found := read(item.get(key))) is not None), None)


def _names(item: Mapping[str, Any]) -> Iterator[str]:
    for key in _NAMES:
        value = item.get(key)
        # Some services write a sentence there.
        if isinstance(value, str) and len(value) <= 200 and plain(value):
            yield plain(value)


def _code(value: object) -> str | None:
    """A name; a number never is one, nor is an address or a sentence."""
    is_name = isinstance(value, str) and _CODE_SHAPE.fullmatch(value)
    return str(value) if is_name and value not in _SAYS_NOTHING else None


def _status(value: object) -> int | None:
    if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and 400 <= value < 600 else None


def _param(item: Mapping[str, Any]) -> str | None:
    place = item.get("loc")
    return _text(place[-1]) if isinstance(place, list) and place else _text(item.get("param"))


def _categories(objects: list[dict[str, Any]], message: str) -> tuple[str, ...]:
    """Find what a safety system minded, wherever a service says it."""
    found = [name for item in objects for name in _flagged(item)]
    for names in _VIOLATIONS.findall(message):
        found += [name.strip(" '\"") for name in names.split(",")]
    found += [name.lower() for name in _CHECK.findall(message)]
    return tuple(dict.fromkeys(filter(None, found)))


def _flagged(item: Mapping[str, Any]) -> Iterator[str]:
    details = item.get("moderation_details")
    listed = details.get("categories") if isinstance(details, dict) else item.get("reasons")
    yield from map(str, listed if isinstance(listed, list) else ())
    for key in ("content_filter_results", "content_filter_result"):
        results = item.get(key)
        for name, result in results.items() if isinstance(results, dict) else ():
            if isinstance(result, dict) and result.get("filtered") is True:
                yield str(name)


def _moderation_stage(item: Mapping[str, Any]) -> str | None:
    details = item.get("moderation_details")
    stage = details.get("moderation_stage") if isinstance(details, dict) else None
    return stage if stage in ("input", "output") else None


def _seconds(value: object) -> float | None:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,9})?)s", value) if isinstance(value, str) else None
    return float(found[1]) if found else None


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None


def _is_for_people(text: str) -> bool:
    """Words, and no page, no broken document and no bytes."""
    head = text[:200]
    return bool(head) and head[0] not in "<{[" and all(c.isprintable() or c.isspace() for c in head)
