"""The body of an answer: without its codings, and looked at before it is read as what it is."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn, Self

from imagestudio.images_api.codes import OwnCode
from imagestudio.images_api.codings import CHUNK_BYTES, ByteSource, CantUnpack, Read, unpacked
from imagestudio.images_api.errors import OutcomeUnknown

PACKED_NAME = "packed.raw"
MAX_PADDING_BYTES = 64 * 1024
EVENT_STREAM = "text/event-stream"
JSON_LINES = ("ndjson", "jsonl", "json-seq", "json-lines")

_SPACE = b"\xef\xbb\xbf \t\r\n\x1e"
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8")


class BodyKind(Enum):
    DOCUMENT = "JSON"
    EVENTS = "server-sent events"
    LINES = "JSON in lines"
    PICTURE = "a picture"


class AnswerBody:
    """A body that may hold what was paid for.

    Packed bytes are kept beside while they are unpacked, until `is_good` says that they are of no
    more use: whatever turns out to be wrong with them, they are there whole.
    """

    def __init__(self, read: Read, content_coding: str, folder: Path, *, max_bytes: int) -> None:
        self._wire = ByteSource(read)
        self._coding = content_coding
        self._max_bytes = max_bytes
        self._path = folder / PACKED_NAME
        self._opened = ExitStack()
        self._source: ByteSource | None = None
        self.is_good = False

    def read(self, size: int) -> bytes:
        try:
            return self._unpacked()(size)
        except CantUnpack as error:
            self._keep_whole(error)

    def kind(self, content_type: str) -> BodyKind:
        """Say how to read it: by its first characters where they tell, else by its label."""
        try:
            head = self._beginning()
        except CantUnpack as error:
            self._keep_whole(error)
        label = content_type.partition(";")[0].strip().lower()
        if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
            return BodyKind.PICTURE
        if head[:1] in (b"{", b"["):
            is_lines = any(name in label for name in JSON_LINES)
            return BodyKind.LINES if is_lines else BodyKind.DOCUMENT
        if label == EVENT_STREAM or head.startswith(_FIELDS):
            return BodyKind.EVENTS
        return BodyKind.PICTURE if label.startswith("image/") else BodyKind.DOCUMENT

    def _beginning(self) -> bytes:
        """Give what is there behind white space, which some servers send while they are at work."""
        source, wanted = self._unpacked(), 1
        while len(head := source.peek(wanted)) >= wanted and not head.strip(_SPACE):
            if len(head) > MAX_PADDING_BYTES:
                break
            wanted = len(head) + 1
        return head.lstrip(_SPACE)

    def _unpacked(self) -> ByteSource:
        if self._source is None:
            self._source = unpacked(self._wire, self._coding, keep=self._open_copy)
        return self._source

    def _open_copy(self) -> BinaryIO:
        return self._opened.enter_context(self._path.open("wb", buffering=0))

    def _keep_whole(self, error: CantUnpack) -> NoReturn:
        if not self._path.exists():
            self._wire.keep(self._open_copy())
        self._wire.read_on(self._max_bytes)
        message = f"What came is kept as it is, but {error}."
        raise OutcomeUnknown(message, code=OwnCode.CODING) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()
        if self.is_good:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


def read_bounded(read: Read, content_coding: str, max_bytes: int, text: bytearray) -> None:
    """Add so much of a body that holds no picture; what can't be unpacked counts as not said."""
    with suppress(CantUnpack):
        source = unpacked(ByteSource(read), content_coding)
        while len(text) < max_bytes and (piece := source(CHUNK_BYTES)):
            text += piece[: max_bytes - len(text)]
