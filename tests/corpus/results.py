"""What a service may answer with that is not quite a picture, and what becomes of it."""

import struct
import zlib
from dataclasses import dataclass

from tests.decoding import made, svgs
from tests.decoding.made import animated, chunk, header, photo, png_with, saved

PNG, JPEG, WEBP = (saved(photo(), kind) for kind in ("PNG", "JPEG", "WEBP"))
SPOILT = PNG[: len(PNG) // 2] + b"\0\0" + PNG[len(PNG) // 2 + 2 :]
LARGE_TEXT = chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(b" " * 2_000_000))
WRONG_TEXT = chunk(b"tEXt", b"a\0b")[:-4] + bytes(4)
LARGE_PROFILE = chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(6_000_000)))


@dataclass(frozen=True)
class Result:
    name: str
    data: bytes
    becomes: str  # How it is called where it is stored.


# All pixels are there, so it is shown like any other.
WHOLE = [
    Result("png with a large text", png_with(LARGE_TEXT), "png"),
    Result("png with a profile that is too large", png_with(LARGE_PROFILE), "png"),
    Result(
        "png with a wrong checksum of text",
        png_with(WRONG_TEXT),
        "png",
    ),
    Result("png without its end", PNG[:-12], "png"),
    Result("png with a page behind it", PNG + b"<html>", "png"),
    Result("jpeg without its end", JPEG[:-2], "jpeg"),
    Result("avif", saved(photo(), "AVIF"), "avif"),
]
# Something can be seen of it.
IN_PART = [
    Result("png cut in half", PNG[: len(PNG) // 2], "png"),
    Result("png with spoilt pixels", PNG[:90] + b"\0\0" + PNG[92:], "png"),
    Result("jpeg cut at its end", JPEG[: len(JPEG) * 9 // 10], "jpeg"),
    # Whole by its checksums, which a decoder finds out.
    Result("png with spoilt pixels below", made.with_checksums(SPOILT), "png"),
    Result("gif cut in half", saved(photo("P"), "GIF")[:2000], "gif"),
]
# Some other program may open it.
UNOPENED = [
    Result("png of a header", made.PNG_START + header(64, 48), "png"),
    # Whole by its checksums, which a decoder finds out.
    Result("png of a broken stream", made.png(header(64, 48), chunk(b"IDAT", b"x" * 99)), "png"),
    Result("png of 400 megapixels", made.png(header(20_000, 20_000)), "png"),
    Result("webp cut in half", WEBP[: len(WEBP) // 2], "webp"),
    Result("avif cut in half", saved(photo(), "AVIF")[:400], "avif"),
    Result("gif of 101 frames", animated("GIF", 101, (8, 8)), "gif"),
    Result("svg with entities", svgs.HOPELESS["billion laughs"][0], "svg"),
    Result("svg that is cut", svgs.svg()[:-6], "svg"),
    Result("tiff", saved(photo(), "TIFF"), "tiff"),
    Result("bmp", saved(photo(), "BMP"), "bmp"),
    Result("film", b"\0\0\0\x18ftypisom" + bytes(40), "mp4"),
    Result("heic", b"\0\0\0\x18ftypheic" + bytes(40), "heic"),
    Result("bytes of a kind that nobody knows", b"\x93NEW\x00\xff" + bytes(range(256)), "bin"),
    Result("png without its first byte", PNG[1:], "bin"),
]
NO_PICTURE = [
    Result("page", b"<!doctype html><html><body>Sign in</body></html>", ""),
    Result("text", "I can't draw that, désolé.\n".encode(), ""),
    Result("long text", "é".encode() * 5_000, ""),
    Result("json", b'{"error": "no"}', ""),
    Result("nothing", b"", ""),
    Result("program", b"MZ\x90\0" + struct.pack("<I", 3) * 40, ""),
]
