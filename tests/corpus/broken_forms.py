"""Forms that are not whole, or are written in letters that nobody declared."""

from __future__ import annotations

from dataclasses import dataclass

from tests.sandbox.conftest import layer, photo, png_of

BOUNDARY = "otter"
HEAD = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
SEA, MASK = png_of(photo(64, 64)), layer(64, 64, clear=(0, 0, 20, 20))
_LINE = f"--{BOUNDARY}".encode()


def text(name: str, value: bytes, more: bytes = b"") -> bytes:
    head = b'Content-Disposition: form-data; name="' + name.encode() + b'"' + more
    return _LINE + b"\r\n" + head + b"\r\n\r\n" + value + b"\r\n"


def file(name: str, content: bytes, filename: bytes = b"a.png", more: bytes = b"") -> bytes:
    head = b'Content-Disposition: form-data; name="' + name.encode()
    head += b'"; filename="' + filename + b'"' + more
    return _LINE + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


END = _LINE + b"--\r\n"
MODEL = text("model", b"gpt-image-2.6-flare")
PROMPT = text("prompt", b"a cat with a hat that must not be blue")
WHOLE = MODEL + PROMPT + file("image", SEA) + file("mask", MASK) + END
PROMPT_LAST = MODEL + file("image", SEA) + PROMPT + END
BARE_LINE_FEEDS = WHOLE.replace(b"\r\n" + _LINE, b"\n" + _LINE)


@dataclass(frozen=True, slots=True)
class HalfForm:
    name: str
    body: bytes
    headers: dict[str, str] | None = None


HALF = (
    HalfForm("the closing line lacks its dashes", WHOLE[:-4]),
    HalfForm("the closing line lacks one dash", WHOLE[:-3]),
    HalfForm("ends inside the mask", WHOLE[:-60]),
    HalfForm("ends before the mask", WHOLE[: WHOLE.index(b'name="mask"') - 40]),
    HalfForm("ends inside the prompt", PROMPT_LAST[:-32]),
    HalfForm("ends behind the head of a part", WHOLE[: WHOLE.index(MASK)]),
    HalfForm("nothing", b""),
    HalfForm("bare line feeds", BARE_LINE_FEEDS),
    HalfForm("closing dashes inside a line", WHOLE[:-12] + b" --otter-- "),
    HalfForm("another boundary", WHOLE, {"Content-Type": "multipart/form-data; boundary=beaver"}),
    HalfForm("a longer boundary", WHOLE, {"Content-Type": "multipart/form-data; boundary=otters"}),
    HalfForm("no boundary", WHOLE, {"Content-Type": "multipart/form-data"}),
    HalfForm("a part without a name", MODEL + _LINE + b"\r\n\r\nlost\r\n" + END),
    HalfForm("more parts than a form has", text("n", b"1") * 200 + END),
    HalfForm(
        "base64 that ends early",
        MODEL
        + PROMPT
        + file("image", b"iVBOR", more=b"\r\nContent-Transfer-Encoding: base64")
        + END,
    ),
)


@dataclass(frozen=True, slots=True)
class Letters:
    """A prompt in some character set, and what is meant."""

    name: str
    prompt: bytes
    meant: str | None  # None: nobody can tell, so it is refused.
    head: bytes = b""
    of_all: bytes = b""  # `_charset_`


LETTERS = (
    Letters("UTF-8", "café 一只猫".encode(), "café 一只猫"),
    Letters("UTF-8 with a mark", "\ufeffcafé".encode(), "café"),
    Letters("Latin-1, undeclared", "café".encode("latin-1"), None),
    Letters("GBK, undeclared", "红色的猫".encode("gbk"), None),
    Letters(
        "GBK, declared",
        "一只猫".encode("gbk"),
        "一只猫",
        b"\r\nContent-Type: text/plain; charset=gbk",
    ),
    Letters(
        "UTF-16, declared",
        "猫".encode("utf-16"),
        "猫",
        b'\r\nContent-Type: text/plain; charset="UTF-16"',
    ),
    Letters("GBK for all", "一只猫".encode("gbk"), "一只猫", of_all=b"gbk"),
    Letters(
        "wrongly declared",
        "café".encode("latin-1"),
        None,
        b"\r\nContent-Type: text/plain; charset=utf-8",
    ),
    Letters("declared as nothing", b"cat", None, b"\r\nContent-Type: text/plain; charset=klingon"),
    Letters("declared as no letters", b"cat", None, b"\r\nContent-Type: text/plain; charset=zlib"),
    Letters(
        "declared as escapes",
        b"cat",
        None,
        b"\r\nContent-Type: text/plain; charset=unicode_escape",
    ),
)
