"""Integrity check: whether a picture is whole, by its own structure and checksums alone.

No pixel is decoded. That costs a hundredth of decoding, and no file can make it take long. Where
something is odd or missing nothing is said: then the decoder judges. What a sound file draws is
seen when its small copies are made.
"""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from imagestudio.decoding import png, scans, sniff
from imagestudio.decoding.facts import Facts
from imagestudio.decoding.limits import Limits

# A slice of these copies nothing.
Data = memoryview
Part = TypeVar("Part")

_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PNG_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
# They turn the picture or set it in motion: what is shown then is more than the header says.
_PNG_TELLING = (b"acTL", b"fcTL", b"fdAT", b"eXIf")
_CHUNK_NAME = re.compile(rb"[A-Za-z]{4}")
_JPEG_FRAMES = (0xC0, 0xC1, 0xC2)
# Other codings, and hierarchies of pictures.
_JPEG_OTHERS = (0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xDC, 0xDE, 0xDF)
# More parts than any program writes take longer to walk through than to decode.
_MAX_PARTS = 100_000
_MAX_GIF_BLOCKS = 1_000_000
_GIF_IMAGE, _GIF_EXTENSION, _GIF_END = 0x2C, 0x21, 0x3B
_WEBP_ANIMATED, _WEBP_WITH_EXIF = 0x02, 0x08


class _Unproven(Exception):
    """Something is odd or missing."""


def facts_if_whole(path: Path, limits: Limits) -> Facts | None:
    """Facts of a picture that is whole and within the limits; None where a decoder must tell."""
    with path.open("rb") as file:
        try:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # Nothing can be seen of an empty file.
            return None
    with mapped, memoryview(mapped) as data:
        try:
            return _within(_facts(data), len(data), limits)
        except _Unproven:
            return None


def _facts(data: Data) -> Facts:
    kind = sniff.sniff(bytes(data[: sniff.HEAD_BYTES]))
    look = _LOOKS.get(kind or "")
    if look is None:
        raise _Unproven
    return look(data)


def _within(facts: Facts, byte_count: int, limits: Limits) -> Facts:
    pixels = facts.width * facts.height
    _need(facts.format in limits.formats and byte_count <= limits.max_bytes)
    _need(0 < pixels <= limits.max_pixels_of(facts.format))
    _need(max(facts.width, facts.height) <= limits.max_side)
    _need(facts.frames <= limits.max_frames)
    _need(facts.frames * pixels <= limits.max_total_pixels)
    return facts


def _png(data: Data) -> Facts:
    names: list[bytes] = []
    header = b""
    for name, content in _bounded(_png_chunks(data)):
        _need(name not in _PNG_TELLING and (name in _PNG_CRITICAL or name[:1].islower()))
        _need((name == b"IHDR") == (not names))
        if name == b"IHDR":
            header = bytes(content)
        elif name == b"IDAT":
            # All of them in one row, behind the palette.
            _need(b"IDAT" not in names or names[-1] == b"IDAT")
        elif name == b"PLTE":
            _need(not {b"PLTE", b"IDAT"}.intersection(names))
        names.append(name)
    _need(len(header) == 13 and b"IDAT" in names and names[-1] == b"IEND")
    depth, colours, *methods = header[8:]
    _need(depth in _PNG_DEPTHS.get(colours, ()) and methods[:2] == [0, 0] and methods[2] < 2)
    _need(colours != 3 or b"PLTE" in names)
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    return Facts("png", width, height)


def _png_chunks(data: Data) -> Iterator[tuple[bytes, Data]]:
    at, name = len(png.START), b""
    while name != b"IEND":
        size, name = int.from_bytes(data[at : at + 4]), bytes(data[at + 4 : at + 8])
        end = at + 8 + size
        _need(end + 4 <= len(data) and _CHUNK_NAME.fullmatch(name) is not None)
        _need(zlib.crc32(data[at + 4 : end]) == int.from_bytes(data[end : end + 4]))
        yield name, data[at + 8 : end]
        at = end + 4
    _need(at == len(data))


def _jpeg(data: Data) -> Facts:
    size: tuple[int, int] | None = None
    scan_count = 0
    for marker, content in _bounded(_jpeg_segments(data)):
        _need(marker not in _JPEG_OTHERS and bytes(content[:4]) != b"Exif")
        if marker in _JPEG_FRAMES:
            # Gray or three colours; of four, programs disagree what they mean.
            _need(size is None and len(content) >= 6 and content[0] == 8 and content[5] in (1, 3))
            size = int.from_bytes(content[3:5]), int.from_bytes(content[1:3])
        elif marker == scans.SCAN:
            _need(size is not None)
            scan_count += 1
            _need(scan_count <= scans.MAX_SCANS)
    _need(scan_count > 0)
    return Facts("jpeg", *(size or (0, 0)))


def _jpeg_segments(data: Data) -> Iterator[tuple[int, Data]]:
    """Markers with what belongs to them, up to an end that is the file's."""
    at, marker = 2, 0
    while True:
        _need(at + 2 <= len(data) and data[at] == 0xFF)
        marker = data[at + 1]
        if marker == scans.END:
            break
        size = int.from_bytes(data[at + 2 : at + 4])
        _need(marker >= 0xC0 and not 0xD0 <= marker <= 0xD8 and size >= 2)
        _need(at + 2 + size <= len(data))
        yield marker, data[at + 4 : at + 2 + size]
        at += 2 + size
        if marker == scans.SCAN:
            found = scans.MARKER.search(data, at)
            _need(found is not None and found.start() > at)
            at = found.start() if found else at
    _need(at + 2 == len(data))


def _webp(data: Data) -> Facts:
    chunks = dict(_bounded(_webp_chunks(data)))
    _need(not {b"ANIM", b"ANMF", b"EXIF"}.intersection(chunks))
    extended, lossy, lossless = (chunks.get(name) for name in (b"VP8X", b"VP8 ", b"VP8L"))
    _need((lossy is None) != (lossless is None))
    size = _webp_lossy_size(lossy) if lossy is not None else _webp_lossless_size(lossless or data)
    if extended is not None:
        _need(len(extended) == 10 and not extended[0] & (_WEBP_ANIMATED | _WEBP_WITH_EXIF))
        width, height = (int.from_bytes(extended[at : at + 3], "little") + 1 for at in (4, 7))
        _need((width, height) == size)
    return Facts("webp", *size)


def _webp_chunks(data: Data) -> Iterator[tuple[bytes, Data]]:
    at, names = 12, set()
    _need(int.from_bytes(data[4:8], "little") + 8 == len(data))
    while at < len(data):
        name, size = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size
        _need(at + 8 <= len(data) and end <= len(data) and name not in names)
        names.add(name)
        yield name, data[at + 8 : end]
        at = end + size % 2
    _need(at == len(data))


def _webp_lossy_size(content: Data) -> tuple[int, int]:
    _need(len(content) > 10 and bytes(content[3:6]) == b"\x9d\x01\x2a" and not content[0] & 1)
    first_part = int.from_bytes(content[:3], "little") >> 5
    _need(10 + first_part <= len(content))
    width, height = (int.from_bytes(content[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return width, height


def _webp_lossless_size(content: Data) -> tuple[int, int]:
    _need(len(content) > 5 and content[0] == 0x2F)
    bits = int.from_bytes(content[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _gif(data: Data) -> Facts:
    width, height = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    frames = 0
    for left, top, right, bottom in _bounded(_gif_frames(data)):
        _need(left < right <= width and top < bottom <= height)
        frames += 1
    _need(frames > 0)
    return Facts("gif", width, height, frames=frames)


def _gif_frames(data: Data) -> Iterator[tuple[int, int, int, int]]:
    """Where each frame lies on the canvas."""
    _need(len(data) > 13)
    at, blocks = 13 + _gif_palette_bytes(data[10]), iter(range(_MAX_GIF_BLOCKS))
    while True:
        _need(at < len(data))
        kind = data[at]
        if kind == _GIF_END:
            break
        _need(kind in (_GIF_IMAGE, _GIF_EXTENSION))
        if kind == _GIF_EXTENSION:
            at = _behind_gif_blocks(data, at + 2, blocks)
            continue
        _need(at + 11 <= len(data))
        left, top, width, height = (
            int.from_bytes(data[at + place : at + place + 2], "little") for place in (1, 3, 5, 7)
        )
        at += 10 + _gif_palette_bytes(data[at + 9])
        _need(at + 1 < len(data) and 2 <= data[at] <= 11 and data[at + 1] > 0)
        at = _behind_gif_blocks(data, at + 1, blocks)
        yield left, top, left + width, top + height
    _need(at + 1 == len(data))


def _gif_palette_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_gif_blocks(data: Data, at: int, blocks: Iterator[int]) -> int:
    for _ in blocks:
        _need(at < len(data))
        size = data[at]
        at += 1 + size
        if not size:
            return at
    raise _Unproven


def _bounded(parts: Iterator[Part]) -> Iterator[Part]:
    for count, part in enumerate(parts):
        _need(count < _MAX_PARTS)
        yield part


_LOOKS: dict[str, Callable[[Data], Facts]] = {
    "png": _png,
    "jpeg": _jpeg,
    "webp": _webp,
    "gif": _gif,
}


def _need(is_so: bool) -> None:
    if not is_so:
        raise _Unproven
