"""One picture on its way from base64 text to a file with a hash."""

from __future__ import annotations

import binascii
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

import pybase64

from imagestudio.images_api.types import AnswerImage

_ESCAPE = re.compile(rb"\\(?:([/bfnrt])|u00([0-7][0-9a-fA-F]))")
_CUT_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_MEANINGS = {b"/": b"/", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_COPY_BYTES = 3 * 64 * 1024  # A multiple of three is encoded without padding.

_SPACE = b" \t\r\n\f"
_ONE_ALPHABET = bytes.maketrans(b"-_", b"+/")
_PADDING = re.compile(rb"=+")
_DATA = b"data:"
_MAX_HEAD_CHARS = 1000
_MIN_TEXT_CHARS = 8  # So many show whether a text begins with the head of a data URL.


class PictureFile:
    """Takes base64 in any pieces and writes the bytes to `<number>.part`.

    Strictly at first, which is fast. From the first piece that is not strict base64, it reads as
    browsers do, and a little more: white space anywhere, padding that is missing or in between,
    both alphabets, the head of a data URL. What is no base64 even so is a problem of this picture
    alone: its text, also what had decoded well, then goes to `<number>.raw` instead.
    """

    def __init__(self, folder: Path, number: int, prefix: str = "") -> None:
        self.number = number
        self._path = folder / f"{prefix}{number}.part"
        self._file = self._path.open("wb", buffering=0)
        self._hash = hashlib.sha256()
        self._byte_count = 0
        self._problem: str | None = None
        self._is_strict = True
        self._is_padded = False
        self._cut_escape = b""
        self._waiting = b""

    @property
    def is_empty(self) -> bool:
        return not self._byte_count

    def write(self, piece: bytes) -> None:
        """Take a piece of the JSON string; it may end in the middle of an escape."""
        if self._cut_escape or b"\\" in piece:
            piece = self._unescape(piece)
        if self._problem:
            self._append(piece)
        elif self._is_strict:
            self._take_strictly(piece)
        else:
            self._take_forgivingly(piece)

    def end(self) -> None:
        """Close the picture at its closing quote, or where the answer broke off."""
        left, self._waiting = self._waiting + self._cut_escape, b""
        self._cut_escape = b""
        if left and self._problem:
            self._append(left)
        elif left:
            self._end_forgivingly(left)
        if not self._byte_count:
            self._problem = "it is empty"
        self._file.close()

    def break_off(self) -> None:
        self._problem = "it broke off"
        self._file.close()

    def discard(self) -> None:
        """Remove what turned out not to be a picture of the answer, whole or not."""
        self._file.close()
        self._path.unlink()

    def rename(self, stem: str) -> None:
        self._path = self._path.rename(self._path.with_name(stem + self._path.suffix))

    def image(self, index: int) -> AnswerImage:
        digest = self._hash.hexdigest()
        return AnswerImage(index, self._path, digest, self._byte_count, self._problem)

    def sync(self) -> None:
        """Bring the bytes to the disk itself."""
        with self._path.open("rb") as file:
            os.fsync(file.fileno())

    def _unescape(self, piece: bytes) -> bytes:
        text = self._cut_escape + piece
        cut = _CUT_ESCAPE.search(text)
        self._cut_escape = cut.group() if cut else b""
        return _ESCAPE.sub(_meaning, text[: cut.start()] if cut else text)

    def _take_strictly(self, piece: bytes) -> None:
        if not self._byte_count:
            piece, self._waiting = self._waiting + piece, b""
            if len(piece) < _MIN_TEXT_CHARS:
                self._waiting = piece
                return
        # Base64 goes by fours. Only the few characters at the seam are joined, never the piece.
        missing = -len(self._waiting) % 4
        seam = self._waiting + piece[:missing]
        last = missing + max(0, len(piece) - missing) // 4 * 4
        if len(seam) % 4:
            self._waiting = seam
        elif not self._decode_strictly(seam):
            self._take_forgivingly(piece)
        elif not self._decode_strictly(memoryview(piece)[missing:last]):
            self._waiting = b""
            self._take_forgivingly(piece[missing:])
        else:
            self._waiting = piece[last:]

    def _decode_strictly(self, text: bytes | memoryview) -> bool:
        """Take it if it is strict base64; padding ends that, whatever follows."""
        if not text:
            return True
        data = None if self._is_padded else _decoded(text)
        self._is_strict = data is not None
        if data is not None:
            self._is_padded = bytes(text[-1:]) == b"="
            self._append(data)
        return self._is_strict

    def _take_forgivingly(self, piece: bytes) -> None:
        raw = self._waiting + piece
        text = raw.translate(None, _SPACE)
        if not self._byte_count:
            behind = _behind_head(text)
            if behind is None or len(behind) < _MIN_TEXT_CHARS:
                self._waiting = raw
                return
            text = behind
        *padded, text = _PADDING.split(text)
        whole = len(text) // 4 * 4
        self._waiting = text[whole:]
        self._decode_parts((*padded, text[:whole]), raw)

    def _end_forgivingly(self, raw: bytes) -> None:
        text = raw.translate(None, _SPACE)
        if not self._byte_count:
            text = _behind_head(text) or text
        self._decode_parts(_PADDING.split(text), raw)

    def _decode_parts(self, parts: Iterable[bytes], raw: bytes) -> None:
        """Take what stands before padding, before the end, or goes by fours; all of it or none."""
        decoded = []
        for part in parts:
            try:
                decoded.append(_forgivingly_decoded(part))
            except ValueError as error:
                self._waiting = b""
                self._fail(str(error), raw)
                return
        for data in decoded:
            self._append(data)

    def _append(self, data: bytes | memoryview) -> None:
        self._hash.update(data)
        self._byte_count += len(data)
        while data:
            # Unbuffered, so one system call a piece; a nearly full disk takes less than all of it.
            data = memoryview(data)[self._file.write(data) :]

    def _fail(self, problem: str, text: bytes | memoryview) -> None:
        """Go over to keeping the text, beginning with the text of what had decoded."""
        self._problem = problem
        self._file.close()
        decoded, self._path = self._path, self._path.with_suffix(".raw")
        self._hash, self._byte_count = hashlib.sha256(), 0
        self._file = self._path.open("wb", buffering=0)
        with decoded.open("rb") as file:
            while data := file.read(_COPY_BYTES):
                self._append(pybase64.b64encode(data))
        decoded.unlink()
        self._append(text)


def _behind_head(text: bytes) -> bytes | None:
    """Leave out the head of a data URL; None while more of it may come."""
    if text[: len(_DATA)].lower() != _DATA:
        return text
    head, comma, rest = text.partition(b",")
    if not comma and len(text) < _MAX_HEAD_CHARS:
        return None
    return rest if b";base64" in head.lower() else text


def _forgivingly_decoded(text: bytes) -> bytes:
    text = text.translate(_ONE_ALPHABET)
    data = _decoded(text + b"=" * (-len(text) % 4))
    if data is not None:
        return data
    is_cut = len(text) % 4 == 1 and _decoded(text[:-1]) is not None
    raise ValueError("its base64 ends in the middle" if is_cut else "it is not base64")


def _decoded(text: bytes | memoryview) -> bytes | None:
    try:
        return pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _meaning(escape: re.Match[bytes]) -> bytes:
    return bytes([int(escape[2], 16)]) if escape[2] else _MEANINGS[escape[1]]
