"""One picture on its way from base64 text to a file with a hash."""

from __future__ import annotations

import binascii
import hashlib
import os
import re
from pathlib import Path

import pybase64

from imagestudio.images_api.types import AnswerImage

_ESCAPE = re.compile(rb"\\(?:/|u00([0-7][0-9a-fA-F]))")
_CUT_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_COPY_BYTES = 3 * 64 * 1024  # A multiple of three is encoded without padding.


class PictureFile:
    """Takes base64 in any pieces and writes the bytes to `<number>.part`.

    Text that is not strict base64 is a problem of this picture alone: its text, also what had
    decoded well, then goes to `<number>.raw` instead.
    """

    def __init__(self, folder: Path, number: int, prefix: str = "") -> None:
        self.number = number
        self._path = folder / f"{prefix}{number}.part"
        self._file = self._path.open("wb", buffering=0)
        self._hash = hashlib.sha256()
        self._byte_count = 0
        self._problem: str | None = None
        self._is_padded = False
        self._cut_escape = b""
        self._waiting = b""

    def write(self, piece: bytes) -> None:
        """Take a piece of the JSON string; it may end in the middle of an escape."""
        if self._cut_escape or b"\\" in piece:
            piece = self._unescape(piece)
        if self._problem:
            self._append(piece)
            return
        # Base64 goes by fours. Only the few characters at the seam are joined, never the piece.
        missing = -len(self._waiting) % 4
        seam = self._waiting + piece[:missing]
        if len(seam) % 4:
            self._waiting = seam
            return
        last = missing + (len(piece) - missing) // 4 * 4
        self._waiting = b""
        self._decode(seam)
        self._decode(memoryview(piece)[missing:last])
        self._wait(piece[last:])

    def end(self) -> None:
        """Close the picture at its closing quote, or where the answer broke off."""
        if left := self._waiting + self._cut_escape:
            self._waiting = self._cut_escape = b""
            self._fail("its base64 ends in the middle", left)
        elif not self._byte_count:
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

    def _decode(self, text: bytes | memoryview) -> None:
        if not text:
            return
        if self._problem:
            self._append(text)
            return
        data = None if self._is_padded else _strictly_decoded(text)
        if data is None:
            self._fail("it is not strict base64", text)
        else:
            self._is_padded = bytes(text[-1:]) == b"="
            self._append(data)

    def _wait(self, text: bytes) -> None:
        """Keep the last characters of a piece, unless nothing is going to join them."""
        if self._problem:
            self._append(text)
        else:
            self._waiting = text

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


def _strictly_decoded(text: bytes | memoryview) -> bytes | None:
    try:
        return pybase64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _meaning(escape: re.Match[bytes]) -> bytes:
    return bytes([int(escape[1], 16)]) if escape[1] else b"/"
