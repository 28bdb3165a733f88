"""A lexer that knows just enough JSON: strings, escapes, and which string is a picture.

An answer is megabytes of base64 in a few hundred bytes of JSON. The strings under `b64_json` keys,
and under `url` keys where they hold the picture itself, are decoded straight into files; everything
else is collected, bounded, and parsed afterwards.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from imagestudio.images_api.codes import OwnCode
from imagestudio.images_api.errors import OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.pictures import PictureFile
from imagestudio.images_api.redaction import redact_bytes
from imagestudio.images_api.types import AnswerImage

MAX_OTHER_BYTES = 1024 * 1024
MAX_PICTURES = 64
RAW_NAME = "raw"

_KEYS = ("b64_json", "url")
_KEY_TOKENS = tuple(key.encode() for key in _KEYS)
_MAX_ESCAPED_KEY = len(_KEYS[0]) * len("\\u0062")
_DATA = b"data:"
_JSON_SPACE = b" \t\r\n"
_CUT_WORDS = ("true", "false", "null", "-")


class PictureLexer:
    """Takes the text of one JSON document in pieces; its pictures are in files as it goes.

    Text that broke off raises OutcomeUnknown, and what is no such document UnusableAnswer.
    """

    def __init__(self, into: Path, *, max_bytes: int, prefix: str = "") -> None:
        self._into = into
        self._max_bytes = max_bytes
        self._prefix = prefix
        self.byte_count = 0
        self.pictures: list[PictureFile] = []
        self._marker = uuid.uuid4().hex  # No text of the answer can be taken for a picture's place.
        self._other = bytearray()
        self._string_from = 0
        self._key = ""
        self._key_until = 0
        self._is_escaped = False
        self._read_on: Callable[[bytes, int], int] = self._between_strings

    @property
    def text(self) -> bytes:
        """All that is not a picture, with marks in the pictures' places."""
        return bytes(self._other)

    def feed(self, chunk: bytes) -> None:
        self.byte_count += len(chunk)
        position = 0
        while position < len(chunk):
            position = self._read_on(chunk, position)
        if self.byte_count > self._max_bytes:
            self.refuse(f"The answer is larger than {self._max_bytes:,} bytes.")
        if len(self._other) > MAX_OTHER_BYTES:
            self.refuse("The answer holds too much besides its pictures.")

    def parse(self) -> dict[str, Any]:
        """Parse what is not a picture; tell a body that broke off from one that is no answer."""
        text = bytes(self._other)
        looks_like_json = text.lstrip(b"\xef\xbb\xbf" + _JSON_SPACE)[:1] in (b"{", b"[")
        try:
            document = json.loads(text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            is_open = self._read_on != self._between_strings
            if looks_like_json and (is_open or _is_cut_short(error)):
                self._broke_off()
            self.refuse(_description(text))
        except (ValueError, RecursionError):
            self.refuse("The answer is not JSON that can be read safely.")
        if isinstance(document, list) and self.pictures:
            # The events of a stream, which something on the way made one document of.
            usages = [item.get("usage") for item in document if isinstance(item, dict)]
            return {"data": document, "usage": next(filter(None, reversed(usages)), None)}
        if not isinstance(document, dict):
            self.refuse("The answer is JSON of another shape than an images answer.")
        return document

    def take_picture(self, item: dict[str, Any]) -> PictureFile | None:
        """Find the picture of an object of the document, and take its place out of it.

        An empty one is none when the object has an address beside it.
        """
        found = [picture for key in _KEYS if (picture := self._at(item.get(key)))]
        good = next((picture for picture in found if not picture.is_empty), None)
        best = good or (found[0] if found and not item.get("url") else None)
        for key in _KEYS:
            if self._at(item.get(key)) in found:
                del item[key]
        return best

    def items(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        """Find the objects that stand for pictures: those of `data`, else all that hold one.

        Where nothing else is there, the document's own address stands for the picture.
        """
        data = document.get("data")
        items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
        if any(item.get(key) for item in items for key in _KEYS):
            return items
        holders = _objects(document, lambda item: any(self._at(item.get(key)) for key in _KEYS))
        return [*holders] or [item for item in [document] if item.get("url")]

    def _at(self, place: object) -> PictureFile | None:
        for picture in self.pictures:
            if place == f"{self._marker}{picture.number}":
                return picture
        return None

    def break_off(self) -> None:
        if self._read_on == self._in_picture:
            self.pictures[-1].break_off()

    def what_arrived(self) -> tuple[AnswerImage, ...]:
        """Give the pictures that were whole before the break; without any, keep what was said."""
        self.break_off()
        images = self.whole_pictures()
        if self._other and not images:
            self.keep_raw()
        return images

    def whole_pictures(self) -> tuple[AnswerImage, ...]:
        """Save what arrived whole before the break: it may have been paid for."""
        images = []
        for number, picture in enumerate(self.pictures):
            image = picture.image(number)
            with suppress(OSError):
                picture.sync()
                images += [] if image.problem else [image]
        return tuple(images)

    def refuse(self, message: str) -> NoReturn:
        self.break_off()
        error = UnusableAnswer(message, code=OwnCode.BAD_RESPONSE)
        error.raw_path = self.keep_raw()
        error.images = self.whole_pictures()
        raise error

    def keep_raw(self) -> Path | None:
        """Keep what was said besides pictures, for people to look at, if there is room."""
        path = self._into / f"{self._prefix}{RAW_NAME}"
        with suppress(OSError):
            path.write_bytes(redact_bytes(self._other))
            return path
        return None

    def _between_strings(self, chunk: bytes, start: int) -> int:
        """Copy everything up to the next string and see what kind of string it is."""
        quote = chunk.find(b'"', start)
        if quote < 0:
            self._other += chunk[start:]
            return len(chunk)
        self._other += chunk[start : quote + 1]
        self._string_from = len(self._other)
        key, self._key = self._key_before(), ""
        if key == _KEYS[0]:
            self._open_picture()
        else:
            self._read_on = self._at_address if key else self._in_string
        return quote + 1

    def _at_address(self, chunk: bytes, start: int) -> int:
        """Tell an address from a whole picture in its place, by the first letters."""
        for position in range(start, len(chunk)):
            begin = bytes(self._other[self._string_from :])
            if begin.lower() == _DATA:
                del self._other[self._string_from :]
                self._open_picture()
                self.pictures[-1].write(begin)
                return position
            if chunk[position : position + 1].lower() != _DATA[len(begin) : len(begin) + 1]:
                self._read_on = self._in_string
                return position
            self._other.append(chunk[position])
        return len(chunk)

    def _in_string(self, chunk: bytes, start: int) -> int:
        end = self._end_of_string(chunk, start)
        self._other += chunk[start:end]
        if end < len(chunk):
            self._key, self._key_until = self._key_of_string(), len(self._other) + 1
            self._other += b'"'
            self._read_on = self._between_strings
        return end + 1

    def _in_picture(self, chunk: bytes, start: int) -> int:
        end = self._end_of_string(chunk, start)
        self.pictures[-1].write(chunk[start:end])
        if end < len(chunk):
            self.pictures[-1].end()
            self._other += b'"'
            self._read_on = self._between_strings
        return end + 1

    def _end_of_string(self, chunk: bytes, start: int) -> int:
        """Find the quote that ends the string, or the chunk's end; an escape may span chunks."""
        position = start + self._is_escaped
        self._is_escaped = False
        end = _find(chunk, b'"', position)
        while (escape := chunk.find(b"\\", position, end)) >= 0:
            position = escape + 2
            if position > end:
                end = _find(chunk, b'"', position)
        self._is_escaped = position > len(chunk)
        return end

    def _key_of_string(self) -> str:
        """Name the key that the string would be, if it is one of ours."""
        if len(self._other) - self._string_from > _MAX_ESCAPED_KEY:
            return ""
        token = bytes(self._other[self._string_from :])
        if b"\\" not in token:
            return token.decode() if token in _KEY_TOKENS else ""
        return next((key for key in _KEYS if key == _unescaped(token)), "")

    def _key_before(self) -> str:
        """Name the key whose value begins here."""
        is_value = self._other[self._key_until : -1].strip(_JSON_SPACE) == b":"
        return self._key if self._key and is_value else ""

    def _open_picture(self) -> None:
        if len(self.pictures) == MAX_PICTURES:
            self.refuse(f"The answer holds more than {MAX_PICTURES} pictures.")
        self._other += f"{self._marker}{len(self.pictures)}".encode()
        self.pictures.append(PictureFile(self._into, len(self.pictures), self._prefix))
        self._read_on = self._in_picture

    def _broke_off(self) -> NoReturn:
        error = OutcomeUnknown("The answer broke off in the middle.", code=OwnCode.TRUNCATED)
        error.images = self.what_arrived()
        raise error


def _objects(
    document: dict[str, Any], fits: Callable[[dict[str, Any]], bool]
) -> Iterator[dict[str, Any]]:
    """Walk all objects of a document in its order, however deep they lie."""
    waiting: list[object] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if fits(value):
                yield value
            waiting += reversed(value.values())
        elif isinstance(value, list):
            waiting += reversed(value)


def _find(chunk: bytes, what: bytes, start: int) -> int:
    found = chunk.find(what, start)
    return len(chunk) if found < 0 else found


def _unescaped(token: bytes) -> object:
    try:
        return json.loads(b'"' + token + b'"')
    except ValueError:
        return None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _is_cut_short(error: json.JSONDecodeError) -> bool:
    """Whether the text stopped where more had to come, rather than went wrong."""
    rest = error.doc[error.pos :].strip()
    return any(word.startswith(rest) for word in _CUT_WORDS)


def _description(text: bytes) -> str:
    if not text.strip():
        return "The answer is empty."
    if text.lstrip()[:1] == b"<":
        return "The answer is a web page instead of JSON."
    return "The answer is not JSON."
