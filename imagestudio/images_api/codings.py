"""Undoes content codings, which servers and CDNs use although nobody asked for them.

The bytes decide where they can: gzip is known by how it begins, whatever the headers say, and what
begins like text or a picture is taken as it is. Everything happens in pieces of bounded size.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

import brotli

CHUNK_BYTES = 256 * 1024
MAX_LAYERS = 3
MAX_RATIO = 200
FREE_BYTES = 4 * 1024 * 1024  # So much may grow from nothing, before its ratio is looked at.

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")
# What is no compression, though it stands where one is named.
_NO_CODINGS = frozenset(
    {"", "8bit", "aws-chunked", "binary", "gzip", "identity", "none", "utf-8", "x-gzip"}
)
_DAMAGED = "its compressed bytes are damaged"
_LOOK_CHARS = 16
_TEXT = bytes((9, 10, 13, *range(32, 127)))
_BOM = b"\xef\xbb\xbf"

Read = Callable[[int], bytes]


class CantUnpack(Exception):
    """Why a coding was not undone, in words that follow "it"."""


class Unpacker(Protocol):
    is_waiting: bool  # There is more to give without taking more.
    is_over: bool

    def unpack(self, data: bytes) -> bytes: ...


class ByteSource:
    """Bytes that come in pieces, can be looked at before, and be kept beside as they are."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._ahead = b""
        self._copy: BinaryIO | None = None

    def __call__(self, size: int) -> bytes:
        piece, self._ahead = self._ahead, b""
        piece = piece or self._read(size)
        if self._copy:
            write_all(self._copy, piece)
        return piece

    def peek(self, count: int) -> bytes:
        """Give so many bytes, or more, or all that there are; they are still to be read."""
        while len(self._ahead) < count and (piece := self._read(CHUNK_BYTES)):
            self._ahead += piece
        return self._ahead

    def keep(self, file: BinaryIO) -> None:
        """Write from now on whatever is read here into the file, too."""
        self._copy = file

    def read_on(self, at_most: int) -> None:
        """Pass over the rest, for what is kept of it."""
        while at_most > 0 and (piece := self(CHUNK_BYTES)):
            at_most -= len(piece)


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write to an unbuffered file, which takes less than all of it where a disk is nearly full."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def unpacked(
    source: ByteSource, named: str, *, keep: Callable[[], BinaryIO] | None = None
) -> ByteSource:
    """Give a source without the codings that the header names, or that the bytes show.

    Where there are some, the packed bytes go to the file that `keep` opens as well.
    """
    names = [name.strip().lower() for name in named.split(",")]
    for _ in range(MAX_LAYERS):
        unpacker = _unpacker(source, names.pop() if names else "")
        if unpacker is not None:
            if keep:
                source.keep(keep())
                keep = None
            source = ByteSource(_Unpacking(source, unpacker))
        elif not names:
            break
    return source


def _unpacker(source: ByteSource, name: str) -> Unpacker | None:
    head = source.peek(1)
    if head[:1] in (GZIP[:1], ZSTD[:1]):
        head = source.peek(len(ZSTD))
    if head.startswith(GZIP):
        return _Zlib(31)
    name = "zstd" if head.startswith(ZSTD) else name
    if name in _NO_CODINGS or _looks_plain(head := source.peek(_LOOK_CHARS)):
        return None
    if name == "deflate":
        return _Zlib(15 if _has_zlib_head(head) else -15)
    if name == "br":
        return _Brotli()
    raise CantUnpack(f"it is compressed in a way that the studio does not know ({name})")


def _looks_plain(head: bytes) -> bool:
    text = head.removeprefix(_BOM)[:_LOOK_CHARS]
    return head.startswith(PICTURES) or not text.translate(None, _TEXT)


def _has_zlib_head(head: bytes) -> bool:
    return head[0] & 15 == 8 and int.from_bytes(head[:2]) % 31 == 0


class _Unpacking:
    """Reads from a source through an unpacker."""

    def __init__(self, source: ByteSource, unpacker: Unpacker) -> None:
        self._source = source
        self._unpacker = unpacker
        self._taken = self._given = 0

    def __call__(self, size: int) -> bytes:
        while not self._unpacker.is_over:
            was_waiting = self._unpacker.is_waiting
            packed = b"" if was_waiting else self._source(size)
            if data := self._unpack(packed):
                return data
            if not packed and not was_waiting:
                break
        if not self._given:
            raise CantUnpack(_DAMAGED)
        return b""

    def _unpack(self, packed: bytes) -> bytes:
        try:
            data = self._unpacker.unpack(packed)
        except (zlib.error, brotli.error):
            raise CantUnpack(_DAMAGED) from None
        self._taken += len(packed)
        self._given += len(data)
        if self._given > FREE_BYTES + self._taken * MAX_RATIO:
            raise CantUnpack("it grows out of all proportion as it is unpacked")
        return data


class _Zlib:
    """Gzip, of one part or several, and both things that are called deflate."""

    def __init__(self, wbits: int) -> None:
        self.is_waiting = self.is_over = False
        self._wbits = wbits
        self._part = zlib.decompressobj(wbits)
        self._left = b""

    def unpack(self, data: bytes) -> bytes:
        data = self._left + data
        if self._part.eof:
            self.is_over = not data.startswith(GZIP)
            self._part = zlib.decompressobj(self._wbits)
        if self.is_over:
            return b""
        unpacked = self._part.decompress(data, CHUNK_BYTES)
        is_end = self._part.eof
        self._left = self._part.unused_data if is_end else self._part.unconsumed_tail
        self.is_over = is_end and self._wbits != 31  # What follows then is nothing to us.
        self.is_waiting = bool(self._left) or (not is_end and len(unpacked) == CHUNK_BYTES)
        return unpacked


class _Brotli:
    def __init__(self) -> None:
        self.is_waiting = self.is_over = False
        self._part = brotli.Decompressor()

    def unpack(self, data: bytes) -> bytes:
        unpacked: bytes = self._part.process(data, output_buffer_limit=CHUNK_BYTES)
        self.is_over = self._part.is_finished()
        self.is_waiting = not self.is_over and not self._part.can_accept_more_data()
        return unpacked
