"""Reads an answer once, from the socket to the files, in constant memory.

An answer is megabytes of base64 in a few hundred bytes of JSON. The strings under `b64_json` keys
are decoded straight into files; everything else is collected, bounded, and parsed afterwards.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from imagestudio.images_api.errors import OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.pictures import PictureFile
from imagestudio.images_api.types import AnswerImage, Usage

CHUNK_BYTES = 256 * 1024  # Measured: smaller pieces cost up to twice the CPU in GIL hand-overs.
MAX_BODY_BYTES = 10 * 40 * 1024 * 1024 * 4 // 3  # Ten pictures of 40 MB, in base64.
MAX_OTHER_BYTES = 1024 * 1024
MAX_PICTURES = 64
RAW_NAME = "raw"

_KEY = "b64_json"
_MAX_ESCAPED_KEY = len(_KEY) * len("\\u0062")
_JSON_SPACE = b" \t\r\n"
_CUT_WORDS = ("true", "false", "null", "-")


@dataclass(frozen=True, slots=True)
class DecodedBody:
    """A whole answer: its JSON without the pictures, and the pictures, synced to disk."""

    document: dict[str, Any]
    images: tuple[AnswerImage, ...]
    byte_count: int


class BodyReader:
    """A lexer that knows just enough JSON: strings, escapes, and which string is a picture.

    `read_all` takes the body from the socket, `finish` makes sense of it. A whole body without a
    good picture raises UnusableAnswer, one that broke off OutcomeUnknown.
    """

    def __init__(self, into: Path, *, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._into = into
        self._max_bytes = max_bytes
        self.byte_count = 0
        self._marker = uuid.uuid4().hex  # No text of the answer can be taken for a picture's place.
        self._other = bytearray()
        self._pictures: list[PictureFile] = []
        self._string_from = 0
        self._key_until: int | None = None
        self._is_escaped = False
        self._read_on: Callable[[bytes, int], int] = self._between_strings

    def read_all(self, read: Callable[[int], bytes]) -> None:
        """Read to the end; `read` raises OutcomeUnknown when the body breaks off."""
        try:
            with _disk_errors_told():
                while chunk := read(CHUNK_BYTES):
                    self._feed(chunk)
        except OutcomeUnknown as error:
            self._break_off()
            error.images = self._whole_pictures()
            raise

    def finish(self) -> DecodedBody:
        with _disk_errors_told():
            return self._finish()

    def _finish(self) -> DecodedBody:
        document = self._parse()
        pictures = list(self._listed(document))
        for picture in self._pictures:
            if picture not in pictures:
                picture.discard()
            else:
                picture.sync()
        _sync_folder(self._into)
        images = tuple(picture.image(index) for index, picture in enumerate(pictures))
        if all(image.problem for image in images):
            self._refuse_pictures(document, images)
        return DecodedBody(document, images, self.byte_count)

    def _feed(self, chunk: bytes) -> None:
        self.byte_count += len(chunk)
        position = 0
        while position < len(chunk):
            position = self._read_on(chunk, position)
        if self.byte_count > self._max_bytes:
            self._refuse(f"The answer is larger than {self._max_bytes:,} bytes.")
        if len(self._other) > MAX_OTHER_BYTES:
            self._refuse("The answer holds too much besides its pictures.")

    def _between_strings(self, chunk: bytes, start: int) -> int:
        """Copy everything up to the next string and see what kind of string it is."""
        quote = chunk.find(b'"', start)
        if quote < 0:
            self._other += chunk[start:]
            return len(chunk)
        self._other += chunk[start : quote + 1]
        if self._is_picture_next():
            self._open_picture()
        else:
            self._string_from = len(self._other)
            self._read_on = self._in_string
        return quote + 1

    def _in_string(self, chunk: bytes, start: int) -> int:
        end = self._end_of_string(chunk, start)
        self._other += chunk[start:end]
        if end < len(chunk):
            self._key_until = len(self._other) + 1 if self._is_key() else None
            self._other += b'"'
            self._read_on = self._between_strings
        return end + 1

    def _in_picture(self, chunk: bytes, start: int) -> int:
        end = self._end_of_string(chunk, start)
        self._pictures[-1].write(chunk[start:end])
        if end < len(chunk):
            self._pictures[-1].end()
            self._key_until = None
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

    def _is_key(self) -> bool:
        if len(self._other) - self._string_from > _MAX_ESCAPED_KEY:
            return False
        token = bytes(self._other[self._string_from :])
        return token == _KEY.encode() or (b"\\" in token and _unescaped(token) == _KEY)

    def _is_picture_next(self) -> bool:
        if self._key_until is None:
            return False
        return self._other[self._key_until : -1].strip(_JSON_SPACE) == b":"

    def _open_picture(self) -> None:
        if len(self._pictures) == MAX_PICTURES:
            self._refuse(f"The answer holds more than {MAX_PICTURES} pictures.")
        self._other += f"{self._marker}{len(self._pictures)}".encode()
        self._pictures.append(PictureFile(self._into, len(self._pictures)))
        self._read_on = self._in_picture

    def _parse(self) -> dict[str, Any]:
        """Parse what is not a picture; tell a body that broke off from one that is no answer."""
        text = bytes(self._other)
        looks_like_json = text.lstrip(b"\xef\xbb\xbf" + _JSON_SPACE)[:1] in (b"{", b"[")
        try:
            document = json.loads(text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            is_open = self._read_on != self._between_strings
            if looks_like_json and (is_open or _is_cut_short(error)):
                self._broke_off()
            self._refuse(_description(text))
        except (ValueError, RecursionError):
            self._refuse("The answer is not JSON that can be read safely.")
        if not isinstance(document, dict):
            self._refuse("The answer is JSON of another shape than an images answer.")
        return document

    def _listed(self, document: dict[str, Any]) -> Iterator[PictureFile]:
        """Find the pictures of `data` in its order, and take their places out of the document."""
        data = document.get("data")
        by_place = {f"{self._marker}{picture.number}": picture for picture in self._pictures}
        for item in data if isinstance(data, list) else []:
            place = item.get(_KEY) if isinstance(item, dict) else None
            if isinstance(place, str) and place in by_place:
                del item[_KEY]
                yield by_place[place]

    def _break_off(self) -> None:
        if self._read_on == self._in_picture:
            self._pictures[-1].break_off()

    def _broke_off(self) -> NoReturn:
        self._break_off()
        error = OutcomeUnknown("The answer broke off in the middle.", code="truncated")
        error.images = self._whole_pictures()
        raise error

    def _whole_pictures(self) -> tuple[AnswerImage, ...]:
        """Save what arrived whole before the break: it may have been paid for."""
        images = []
        for number, picture in enumerate(self._pictures):
            image = picture.image(number)
            with suppress(OSError):
                picture.sync()
                images += [] if image.problem else [image]
        return tuple(images)

    def _refuse_pictures(self, document: dict[str, Any], images: tuple[AnswerImage, ...]) -> None:
        reason = f"no picture that can be used: {images[0].problem}" if images else "no picture"
        error = UnusableAnswer(f"The answer holds {reason}.", code="bad_response")
        error.raw_path = images[0].path if images else self._keep_raw()
        error.usage = Usage.parse(document.get("usage"))
        raise error

    def _refuse(self, message: str) -> NoReturn:
        self._break_off()
        error = UnusableAnswer(message, code="bad_response")
        error.raw_path = self._keep_raw()
        raise error

    def _keep_raw(self) -> Path | None:
        """Keep what was said besides pictures, for an admin to look at, if there is room."""
        path = self._into / RAW_NAME
        with suppress(OSError):
            path.write_bytes(self._other[:MAX_OTHER_BYTES])
            return path
        return None


@contextmanager
def _disk_errors_told() -> Iterator[None]:
    """Say in our own terms that an answer came and could not be kept."""
    try:
        yield
    except OSError as error:
        problem = f"The answer could not be written to disk: {error.strerror}."
        raise OutcomeUnknown(problem, code="disk") from error


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


def _sync_folder(folder: Path) -> None:
    """Bring the files' names to the disk too, not their bytes alone."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
