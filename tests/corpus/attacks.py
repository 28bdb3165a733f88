"""Requests that were made to stop a studio, and how each is answered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tests.decoding.made import saved


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a request, or all of it, as one client sends it without a pause."""

    name: str
    data: bytes
    status: int

    def __str__(self) -> str:
        return self.name


def request(path: str, *lines: bytes, method: bytes = b"GET", version: bytes = b"1.1") -> bytes:
    head = [b"%s %s HTTP/%s" % (method, path.encode(), version), b"Host: 127.0.0.1", *lines]
    return b"\r\n".join(head) + b"\r\n\r\n"


CHUNKED = b"Transfer-Encoding: chunked"
REPEATED = request("/v1/models", *[b"a: " + b"b" * 150] * 30_000)
LINES = request("/", *[b"A%d: b" % number for number in range(200_000)])

HEADS = (
    Head("30,000 repeats of a header", REPEATED, 431),
    Head("200 repeats of a header", request("/", *[b"a: b"] * 200), 431),
    Head("200,000 lines", LINES, 431),
    Head("a header of 40 MB", request("/", b"a: " + b"b" * 40_000_000), 431),
    Head("an endless header", b"GET / HTTP/1.1\r\na: " + b"b" * 5_000_000, 431),
    Head("an endless name", request("/", b"a" * 20_000 + b": b"), 431),
    Head("90 lines of 1 kB", request("/", *[b"a: " + b"b" * 1000] * 90), 431),
    Head("a cookie of 2 MB", request("/jobs/updates", b"Cookie: a=" + b"b" * 2_000_000), 431),
    Head("an address of 5 MB", b"GET /" + b"a" * 5_000_000, 414),
    Head("90,000 fields in the address", request("/v1/models?" + "a=b&" * 90_000), 414),
    Head("an empty line and a bad one", b"\r\nGET\r\n\r\n", 400),
    Head("a length of 20 digits", request("/", b"Content-Length: " + b"9" * 20), 400),
    Head("a length of 5,000 digits", request("/", b"Content-Length: " + b"0" * 5000), 400),
    Head("a length below zero", request("/", b"Content-Length: -1"), 400),
    Head(
        "chunks and a length",
        request("/", b"Content-Length: 1", b"Transfer-Encoding: chunked"),
        400,
    ),
)


@cache
def many_scans(scans: int = 2000, side: int = 4000) -> bytes:
    """A small progressive JPEG that paints its last scan over itself."""
    from PIL import Image as Pillow

    picture = Pillow.new("RGB", (side, side), (90, 140, 60))
    data = saved(picture, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]
