"""Reads an answer once, from the socket to the files, in constant memory."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from imagestudio.fsync import sync_folder
from imagestudio.images_api.codes import OwnCode
from imagestudio.images_api.errors import OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.lexer import MAX_OTHER_BYTES, MAX_PICTURES, PictureLexer
from imagestudio.images_api.redaction import redact_bytes
from imagestudio.images_api.types import AnswerImage, Usage

__all__ = ["MAX_OTHER_BYTES", "MAX_PICTURES", "BodyReader", "DecodedBody", "Fetch"]

CHUNK_BYTES = 256 * 1024  # Measured: smaller pieces cost up to twice the CPU in GIL hand-overs.
MAX_PICTURE_BYTES = 40 * 1024 * 1024
MAX_BODY_BYTES = 10 * MAX_PICTURE_BYTES * 4 // 3  # Ten pictures in base64.

# What services call a preview, each in its own way; one is never a result.
PREVIEW = re.compile(r"partial|preview|progress|intermediate|draft", re.IGNORECASE)

# Gets the picture at an address into the folder, under a name made with the index.
Fetch = Callable[[str, Path, int], AnswerImage]


@dataclass(frozen=True, slots=True)
class DecodedBody:
    """A whole answer: its JSON without the pictures, and the pictures, synced to disk."""

    document: dict[str, Any]
    images: tuple[AnswerImage, ...]
    byte_count: int


class BodyReader:
    """Takes an answer that comes at once.

    `read_all` takes the body from the socket, `finish` makes sense of it. A whole body without a
    good picture raises UnusableAnswer, one that broke off OutcomeUnknown.
    """

    def __init__(
        self, into: Path, *, max_bytes: int = MAX_BODY_BYTES, fetch: Fetch | None = None
    ) -> None:
        self._into = into
        self._max_bytes = max_bytes
        self._fetch = fetch
        self._lexer = PictureLexer(into, max_bytes=max_bytes)
        self._has_only_previews = False

    @property
    def byte_count(self) -> int:
        return self._lexer.byte_count

    def read_all(
        self, read: Callable[[int], bytes], gate: AbstractContextManager[Any] | None = None
    ) -> None:
        """Read to the end; `read` raises OutcomeUnknown when the body breaks off."""
        try:
            with disk_errors_told(), gate or nullcontext():
                while chunk := read(CHUNK_BYTES):
                    self._lexer.feed(chunk)
        except UnusableAnswer as error:
            if error.raw_path:
                keep_rest(error.raw_path, read, self._max_bytes - self.byte_count)
            raise
        except OutcomeUnknown as error:
            error.images = self._lexer.what_arrived()
            raise

    def finish(self) -> DecodedBody:
        with disk_errors_told():
            document = self._lexer.parse()
            images = tuple(self._images(document))
            sync_folder(self._into)
            if all(image.problem for image in images):
                refuse_pictures(document, images, self._reason(document), self._lexer)
            return DecodedBody(document, images, self.byte_count)

    def _images(self, document: dict[str, Any]) -> Iterator[AnswerImage]:
        """Give the pictures in the document's order, and fetch those that are elsewhere."""
        items = self._lexer.items(document)
        pictures = [(item, self._lexer.take_picture(item)) for item in items]
        results = [pair for pair in pictures if not _is_of_preview(document, pair[0])]
        kept = [picture for _, picture in results]
        self._has_only_previews = bool(items) and not results
        for stray in self._lexer.pictures:
            # Where there is nothing else, even a preview stays, for people to look at.
            if stray not in kept and not self._has_only_previews:
                stray.discard()
        index = 0
        for item, picture in results:
            url = item.get("url")
            if picture:
                picture.sync()
                yield picture.image(index)
            elif self._fetch and isinstance(url, str) and url and index < MAX_PICTURES:
                yield self._fetch(url, self._into, index)
            else:
                continue
            index += 1

    def _reason(self, document: dict[str, Any]) -> str:
        data = document.get("data")
        items = data if isinstance(data, list) else []
        if self._has_only_previews:
            return "previews only"
        if not self._fetch and any(isinstance(i, dict) and i.get("url") for i in items):
            return "addresses in place of pictures, and this provider is not set up for them"
        return "no picture"


class PictureReader:
    """Takes an answer that is the picture itself, without any JSON around it."""

    def __init__(self, into: Path, *, max_bytes: int) -> None:
        self._into = into
        self._max_bytes = max_bytes
        self._path = into / "0.part"
        self._hash = hashlib.sha256()
        self.byte_count = 0

    def read_all(self, read: Callable[[int], bytes], gate: AbstractContextManager[Any]) -> None:
        with disk_errors_told(), gate, self._path.open("wb") as file:
            while chunk := read(CHUNK_BYTES):
                self.byte_count += file.write(chunk)
                self._hash.update(chunk)
                if self.byte_count > self._max_bytes:
                    self._refuse(f"is larger than {self._max_bytes:,} bytes")
            file.flush()
            os.fsync(file.fileno())

    def finish(self) -> DecodedBody:
        if not self.byte_count:
            self._refuse("is empty")
        with disk_errors_told():
            sync_folder(self._into)
        image = AnswerImage(0, self._path, self._hash.hexdigest(), self.byte_count)
        return DecodedBody({}, (image,), self.byte_count)

    def _refuse(self, reason: str) -> NoReturn:
        error = UnusableAnswer(f"The answer {reason}.", code=OwnCode.BAD_RESPONSE)
        error.raw_path = self._path
        raise error


def refuse_pictures(
    document: dict[str, Any],
    images: Iterable[AnswerImage],
    otherwise: str,
    lexer: PictureLexer | None = None,
) -> NoReturn:
    """Refuse a whole answer, because of its pictures or because it has none."""
    first = next(iter(images), None)
    reason = f"no picture that can be used: {first.problem}" if first else otherwise
    error = UnusableAnswer(f"The answer holds {reason}.", code=OwnCode.BAD_RESPONSE)
    raw_path = lexer.keep_raw() if lexer else None
    error.raw_path = first.path if first and first.byte_count else raw_path
    error.usage = Usage.of_answer(document)
    error.document = document
    raise error


def _is_of_preview(document: dict[str, Any], item: dict[str, Any]) -> bool:
    return any(is_preview(str(part.get("type")), part) for part in (document, item))


def is_preview(kind: str, item: Mapping[str, Any]) -> bool:
    return bool(PREVIEW.search(kind)) or "partial_image_index" in item


def keep_rest(path: Path, read: Callable[[int], bytes], max_bytes: int) -> None:
    """Keep what was left unread behind what was read: it may have been paid for."""
    with suppress(OSError, OutcomeUnknown), path.open("ab") as file:
        while max_bytes > 0 and (chunk := read(CHUNK_BYTES)):
            max_bytes -= file.write(redact_bytes(chunk))


@contextmanager
def disk_errors_told() -> Iterator[None]:
    """Say in our own terms that an answer came and could not be kept."""
    try:
        yield
    except OSError as error:
        problem = f"The answer could not be written to disk: {error.strerror}."
        raise OutcomeUnknown(problem, code=OwnCode.DISK) from error
