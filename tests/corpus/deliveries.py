"""Odd deliveries of pictures that are paid for, and what is to come out of each.

The service's answer is whole in its own way: compressed though nobody asked for it, base64 as some
library writes it, events under other names, a head of a hundred lines. The picture is there.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import brotli

from imagestudio.images_api.errors import (
    ImagesApiError,
    ModerationRefused,
    OutcomeUnknown,
    UnusableAnswer,
)
from tests.upstream import USAGE, Behaviour, png_bytes, raw, response_bytes

PNG = png_bytes(64, 64, "teal")
PREVIEW = png_bytes(64, 64, "gold")
# No multiple of three, and bytes that both alphabets spell with their own letters.
ODD = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9 + b"\xff\xfe\xfb"
NOISE = b"\x89PNG\r\n\x1a\n" + random.Random(20261129).randbytes(3_000_000)  # noqa: S311 No secret.

B64 = b64encode(PNG).decode()
OK = {"created": 1_790_000_000, "data": [{"b64_json": B64}], "usage": USAGE}
FLAGGED = {
    "error": {
        "message": "Your request was rejected by the safety system.",
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
    }
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One answer and what is made of it: pictures, or an error and the bytes that stay."""

    name: str
    answer: bytes = field(repr=False)
    pictures: tuple[bytes, ...] = field(default=(PNG,), repr=False)
    is_streamed: bool = False
    n: int = 1
    has_usage: bool = True
    error: type[ImagesApiError] | None = None
    code: str = ""
    kept: bytes = field(default=b"", repr=False)

    @property
    def behaviour(self) -> Behaviour:
        return raw(self.answer)


def whole(body: object, status: int = 200, /, **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return response_bytes(body, status, named)


def coded(name: str, body: bytes, status: int = 200, /, **headers: str) -> bytes:
    return whole(body, status, Content_Encoding=name, **headers)


def document(b64_json: object, **item: object) -> dict[str, Any]:
    return {**OK, "data": [{"b64_json": b64_json, **item}]}


def events(*each: Mapping[str, object] | str, **headers: str) -> bytes:
    """Server-sent events; a text goes as it is."""
    return whole(sse(*each), **({"Content_Type": "text/event-stream"} | headers))


def sse(*each: Mapping[str, object] | str) -> bytes:
    texts = [e if isinstance(e, str) else f"{_name(e)}data: {json.dumps(e)}\n\n" for e in each]
    return "".join(texts).encode()


def _name(event: Mapping[str, object]) -> str:
    return f"event: {event['type']}\n" if "type" in event else ""


def lines(*each: Mapping[str, object], label: str = "application/x-ndjson") -> bytes:
    return whole("\n".join(json.dumps(e) for e in each) + "\n", Content_Type=label)


def padded_pieces(data: bytes, size: int = 100) -> str:
    """Encode piece by piece, each with padding of its own, as careless loops do."""
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    return "".join(b64encode(piece).decode() for piece in pieces)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


TEXT = json.dumps(OK).encode()
ZIPPED = gzip.compress(TEXT)
BOMB = gzip.compress(b'{"created":1,"data":[{"b64_json":"' + b"A" * 80_000_000 + b'"}]}')
ZSTD = b"\x28\xb5\x2f\xfd" + bytes(range(200))
PARTIAL = {
    "type": "image_generation.partial_image",
    "b64_json": b64encode(PREVIEW).decode(),
    "partial_image_index": 0,
}
COMPLETED = {"type": "image_generation.completed", "b64_json": B64, "usage": USAGE}
STREAM = {"Content_Type": "text/event-stream"}
INTERIM = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
MANY = "".join(f"X-Trace-{number}: {number}\r\n" for number in range(250))


def headed(head: str, body: bytes = TEXT) -> bytes:
    """An answer whose head has these lines before those that matter."""
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"HTTP/1.1 200 OK\r\n{head}{length}".encode() + body


CODINGS = (
    Delivery("gzip", coded("gzip", ZIPPED)),
    Delivery(
        "gzip of 3 MB",
        coded("gzip", gzip.compress(json.dumps(document(b64encode(NOISE).decode())).encode(), 1)),
        (NOISE,),
    ),
    Delivery("gzip without a word", whole(ZIPPED)),
    Delivery(
        "gzip in two parts", coded("gzip", gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]))
    ),
    Delivery("gzip twice", coded("gzip, gzip", gzip.compress(ZIPPED))),
    Delivery("gzip twice, named once", coded("gzip", gzip.compress(ZIPPED))),
    Delivery("gzip without its end", coded("x-gzip", ZIPPED[:-8])),
    Delivery("gzip and more behind it", coded("gzip", ZIPPED + b"\0" * 900)),
    Delivery("plain under the name of gzip", coded("gzip", TEXT)),
    Delivery("plain under the name of br", coded("br", TEXT)),
    Delivery("plain under the name of deflate", coded("deflate", TEXT)),
    Delivery("plain under no coding's name", coded("UTF-8", TEXT)),
    Delivery("deflate", coded("deflate", zlib.compress(TEXT))),
    Delivery("deflate without its head", coded("deflate", raw_deflate(TEXT))),
    Delivery("br", coded("br", brotli.compress(TEXT))),
    Delivery("br in gzip", coded("br, gzip", gzip.compress(brotli.compress(TEXT)))),
    Delivery(
        "gzip of events",
        coded("gzip", gzip.compress(sse(PARTIAL, COMPLETED)), **STREAM),
        is_streamed=True,
    ),
    Delivery(
        "br of events",
        coded("br", brotli.compress(sse(PARTIAL, COMPLETED)), **STREAM),
        is_streamed=True,
    ),
    Delivery(
        "gzip of a picture",
        coded("gzip", gzip.compress(PNG), Content_Type="image/png"),
        has_usage=False,
    ),
    Delivery("zstd", coded("zstd", ZSTD), error=OutcomeUnknown, code="coding", kept=ZSTD),
    Delivery("zstd without a word", whole(ZSTD), error=OutcomeUnknown, code="coding", kept=ZSTD),
    Delivery(
        "zstd of events",
        coded("zstd", ZSTD, **STREAM),
        is_streamed=True,
        error=OutcomeUnknown,
        code="coding",
        kept=ZSTD,
    ),
    Delivery(
        "zstd in gzip",
        coded("zstd, gzip", gzip.compress(ZSTD)),
        error=OutcomeUnknown,
        code="coding",
        kept=gzip.compress(ZSTD),
    ),
    Delivery(
        "compress",
        coded("compress", b"\x1f\x9d\x90" + bytes(range(99))),
        error=OutcomeUnknown,
        code="coding",
        kept=b"\x1f\x9d\x90" + bytes(range(99)),
    ),
    Delivery(
        "damaged gzip",
        coded("gzip", ZIPPED[:60] + b"\xff" * 60 + ZIPPED[120:]),
        error=OutcomeUnknown,
        code="coding",
        kept=ZIPPED[:60] + b"\xff" * 60 + ZIPPED[120:],
    ),
    Delivery("a bomb", coded("gzip", BOMB), error=OutcomeUnknown, code="coding", kept=BOMB),
    Delivery(
        "refusal in gzip",
        coded("gzip", gzip.compress(json.dumps(FLAGGED).encode()), 400),
        error=ModerationRefused,
        code="moderation_blocked",
    ),
    Delivery(
        "refusal in br",
        coded("br", brotli.compress(json.dumps(FLAGGED).encode()), 400),
        error=ModerationRefused,
        code="moderation_blocked",
    ),
    Delivery(
        "refusal in gzip without a word",
        whole(gzip.compress(json.dumps(FLAGGED).encode()), 400),
        error=ModerationRefused,
        code="moderation_blocked",
    ),
)

HEADS = (
    Delivery("103", INTERIM.encode() + headed("")),
    Delivery("102, several times", b"HTTP/1.1 102 Processing\r\n\r\n" * 5 + headed("")),
    Delivery(
        "100, 103 and 199",
        b"HTTP/1.1 100 Continue\r\n\r\n"
        + INTERIM.encode()
        + b"HTTP/1.1 199 Odd\r\nA: b\r\n\r\n"
        + headed(""),
    ),
    Delivery("250 lines", headed(MANY)),
    Delivery("103 with 250 lines", f"HTTP/1.1 103 Early\r\n{MANY}\r\n".encode() + headed(MANY)),
    Delivery(
        "one line of 200 KB", headed(f"Content-Security-Policy: {'a' * 200_000}\r\nX-Short: 1\r\n")
    ),
    Delivery(
        "one line of 200 KB, folded",
        headed(f"X-Long: {'a' * 100_000}\r\n {'b' * 100_000}\r\n\tc\r\n"),
    ),
    Delivery(
        "a head without end",
        b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 100_000,
        error=OutcomeUnknown,
        code="bad_head",
    ),
    Delivery(
        "interim answers without end",
        INTERIM.encode() * 40_000,
        error=OutcomeUnknown,
        code="bad_head",
    ),
    Delivery(
        "another protocol",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + headed(""),
        error=OutcomeUnknown,
    ),
    Delivery("no HTTP at all", b"+OK ready\r\n", error=OutcomeUnknown, code="bad_head"),
)

KINDS = (
    Delivery("events, unasked", events(PARTIAL, COMPLETED)),
    Delivery(
        "events under the label of JSON",
        events(PARTIAL, COMPLETED, Content_Type="application/json"),
    ),
    Delivery(
        "events without any label",
        headed("", sse(PARTIAL, COMPLETED)).replace(b"Content-Type: application/json\r\n", b""),
    ),
    Delivery(
        "events behind a comment and a byte order mark",
        events("\ufeff: hello\n\n", PARTIAL, COMPLETED, Content_Type="text/plain"),
    ),
    Delivery("JSON in lines, unasked", lines(PARTIAL, COMPLETED)),
    Delivery(
        "JSON in lines, asked for events",
        lines(PARTIAL, COMPLETED, label="application/jsonl"),
        is_streamed=True,
    ),
    Delivery("JSON, asked for events", whole(OK), is_streamed=True),
    Delivery("JSON under the label of events", whole(OK, **STREAM), is_streamed=True),
    Delivery("JSON under the label of events, unasked", whole(OK, **STREAM)),
    Delivery(
        "JSON behind white space under the label of events",
        whole(" \n" * 300 + json.dumps(OK), **STREAM),
        is_streamed=True,
    ),
    Delivery("the picture itself", whole(PNG, Content_Type="image/png"), has_usage=False),
    Delivery(
        "the picture itself, without a fitting label",
        whole(PNG, Content_Type="application/octet-stream"),
        has_usage=False,
    ),
    Delivery(
        "the picture itself, asked for events",
        whole(PNG, Content_Type="image/png"),
        is_streamed=True,
        has_usage=False,
    ),
    Delivery(
        "a picture of a kind that only its label tells",
        whole(b"<svg/>", Content_Type="image/svg+xml"),
        (b"<svg/>",),
        has_usage=False,
    ),
    Delivery("events in one list", whole([PARTIAL, COMPLETED])),
    Delivery(
        "a preview among the pictures",
        whole({**OK, "data": [{**PARTIAL, "type": ""}, {"b64_json": B64}]}),
    ),
    Delivery("nothing but a preview", whole(PARTIAL), (), error=UnusableAnswer, kept=PREVIEW),
    Delivery(
        "a list of previews", whole([PARTIAL, PARTIAL]), (), error=UnusableAnswer, kept=PREVIEW
    ),
    Delivery("only previews", events(PARTIAL), (), error=OutcomeUnknown, code="truncated"),
    Delivery("only previews, in lines", lines(PARTIAL), (), error=OutcomeUnknown, code="truncated"),
)
