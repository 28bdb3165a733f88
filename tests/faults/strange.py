"""Strange things that an upstream may send in place of a picture."""

import base64
import io
import random
import struct
import zlib
from typing import Any

from PIL import Image

from tests import upstream as scripts
from tests.upstream import USAGE


def answer(*contents: bytes, **more: object) -> dict[str, Any]:
    """An answer with these bytes as its pictures."""
    data = [{"b64_json": base64.b64encode(content).decode()} for content in contents]
    return {"created": 1_795_000_000, "data": data, "usage": USAGE} | more


def raw_answer(*texts: str) -> dict[str, Any]:
    """An answer whose base64 is given as it stands."""
    return {"created": 1, "data": [{"b64_json": text} for text in texts], "usage": USAGE}


def bomb() -> bytes:
    """A few kilobytes that claim to be 400 million pixels."""
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(3_000_000), 9)
    return _png(_chunk(b"IHDR", header), _chunk(b"IDAT", rows), _chunk(b"IEND", b""))


def bad_zlib() -> bytes:
    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return _png(_chunk(b"IHDR", header), _chunk(b"IDAT", b"no zlib"), _chunk(b"IEND", b""))


def cut_png() -> bytes:
    return scripts.png_bytes(64, 64)[:-20]


def _png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "gold").save(file, "JPEG")
    return file.getvalue()


def large_png() -> bytes:
    """About 20 MB that do not compress."""
    file = io.BytesIO()
    Image.frombytes("RGB", (2_600, 2_600), random.Random(7).randbytes(2_600 * 2_600 * 3)).save(  # noqa: S311
        file, "PNG", compress_level=1
    )
    return file.getvalue()


def long_animation() -> bytes:
    file = io.BytesIO()
    # Of another colour each: frames that look the same are saved as one.
    frames = [
        Image.new("RGB", (64, 64), (number % 256, number // 256, 9)) for number in range(1_000)
    ]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()
