"""A PNG as browsers read it: its pixels, and of what stands beside them only what changes them."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from imagestudio.decoding import icc
from imagestudio.decoding.facts import NotAPicture

START = b"\x89PNG\r\n\x1a\n"
MAX_PROFILE_BYTES = 4_000_000
# What programs write that mean sRGB and can say it no better.
_USUAL_GAMMA = (45_455).to_bytes(4, "big")
_COLOURS = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
_STILL = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT")
_MOVING = (b"acTL", b"fcTL", b"fdAT")
# Without these there is no picture, so damage in them is damage to it.
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"fdAT")
# Of the clear colour, where it is one and no palette's.
_SAMPLES = {0: 1, 2: 3}
_LEAST_BYTES = {b"acTL": 8, b"cICP": 4, b"gAMA": 4, b"cHRM": 32, b"tRNS": 1}


@dataclass(frozen=True, slots=True)
class Sifted:
    data: bytes  # A PNG of the pixels alone.
    depth: int
    colours: int  # Its colour type.
    clear: tuple[int, ...]  # The samples of the one colour that is transparent, if there is one.
    said: dict[bytes, bytes]  # What is said of its colours, by the names of the chunks.

    @property
    def is_gray(self) -> bool:
        return self.colours in (0, 4)

    @property
    def is_hdr(self) -> bool:
        return icc.is_hdr(self.said.get(b"cICP", b"\0\0")[1])

    def profile(self) -> bytes | None:
        """The colours that it is meant in; None stands for those of the web.

        NotAPicture when its profile is larger than is read here.
        """
        said = self.said
        if b"cICP" in said and (numbered := icc.by_numbers(*said[b"cICP"][:2])):
            return numbered
        if b"iCCP" in said and (profile := _inflated(said[b"iCCP"])):
            return profile
        if b"sRGB" in said or b"gAMA" not in said:
            return None
        return _by_gamma(said[b"gAMA"], said.get(b"cHRM", b""))


def sift(data: bytes, *, as_far_as_it_goes: bool = False) -> Sifted:
    """Pass by what is damaged beside the pixels; SyntaxError when they are damaged themselves.

    `as_far_as_it_goes`: then that is passed by as well, and the first frame is the picture.
    """
    wanted = _STILL if as_far_as_it_goes else _STILL + _MOVING
    kept: list[bytes | memoryview] = [START]
    first: dict[bytes, bytes] = {}
    for name, content, is_sound in _chunks(data):
        if not is_sound and name in _CRITICAL and not as_far_as_it_goes:
            raise SyntaxError(f"{name!r} is damaged or cut off")
        is_read = (is_sound or name in _CRITICAL) and len(content) >= _LEAST_BYTES.get(name, 0)
        if is_read and _is_in_place(name, first):
            first.setdefault(name, b"" if name == b"IDAT" else bytes(content))
            if name in wanted and not (name == b"tRNS" and _is_short(content, first)):
                kept += _written(name, content)
    return _sifted(b"".join(kept + _written(b"IEND", b"")), first)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Names and contents, and whether each is whole and as its checksum says."""
    view, position = memoryview(data), len(START)
    while position + 8 <= len(data):
        size = int.from_bytes(view[position : position + 4], "big")
        name, end = bytes(view[position + 4 : position + 8]), position + 8 + size
        if name == b"IEND":
            return
        checksum = view[end : end + 4]
        # A checksum that the file's end cut off says nothing against what stands before it.
        is_sound = end <= len(data) and (
            len(checksum) < 4 or zlib.crc32(view[position + 4 : end]) == int.from_bytes(checksum)
        )
        yield name, view[position + 8 : end], is_sound
        position = end + 4


def _is_in_place(name: bytes, first: dict[bytes, bytes]) -> bool:
    """What comes twice counts once, and colours are told before the pixels."""
    if name in (b"IDAT", b"eXIf", *_MOVING):
        return name != b"eXIf" or name not in first
    return name in (*_STILL, *_COLOURS) and name not in first and b"IDAT" not in first


def _written(name: bytes, content: bytes | memoryview) -> list[bytes | memoryview]:
    checksum = zlib.crc32(content, zlib.crc32(name))
    return [struct.pack(">I", len(content)), name, content, struct.pack(">I", checksum)]


def _sifted(data: bytes, first: dict[bytes, bytes]) -> Sifted:
    head = first.get(b"IHDR", b"")
    if len(head) != 13:
        raise SyntaxError("it has no header")
    depth, colours = head[8], head[9]
    said = {name: first[name] for name in _COLOURS if name in first}
    return Sifted(data, depth, colours, _clear(first.get(b"tRNS", b""), depth, colours), said)


def _is_short(clear: bytes | memoryview, first: dict[bytes, bytes]) -> bool:
    return len(clear) < 2 * _SAMPLES.get(first.get(b"IHDR", b"").ljust(13)[9], 0)


def _clear(content: bytes, depth: int, colours: int) -> tuple[int, ...]:
    count = _SAMPLES.get(colours, 0)
    if not count or len(content) < 2 * count:
        return ()
    # Higher bits than a sample has are to be ignored.
    return tuple(each % 2**depth for each in struct.unpack_from(f">{count}H", content))


def _inflated(content: bytes) -> bytes | None:
    """The profile; None when it is damaged, as browsers pass it by."""
    _, _, squeezed = content.partition(b"\0")
    if squeezed[:1] != b"\0":
        return None
    try:
        profile = zlib.decompressobj().decompress(squeezed[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return None
    if len(profile) > MAX_PROFILE_BYTES:
        raise NotAPicture(
            f"its colour profile has more than {MAX_PROFILE_BYTES // 1_000_000} MB, the limit;"
            " convert it to sRGB, or save it without the profile"
        )
    return profile


def _by_gamma(gamma: bytes, points: bytes) -> bytes | None:
    """As older files tell it; None when that is nonsense, or the same as nothing said."""
    if not points and gamma == _USUAL_GAMMA:
        return None
    exponent = int.from_bytes(gamma[:4], "big") / 100_000
    white, primaries = _primaries(points) if points else (icc.D65, icc.SRGB)
    try:
        return icc.profile(white, primaries, (1 / exponent,))
    except ArithmeticError:
        return None


def _primaries(points: bytes) -> tuple[icc.Point, icc.Primaries]:
    numbers = [each / 100_000 for each in struct.unpack_from(">8I", points)]
    white, red, green, blue = zip(numbers[::2], numbers[1::2], strict=True)
    return white, (red, green, blue)
