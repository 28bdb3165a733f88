"""A multipart body taken apart strictly: the whole of it, or nothing.

Django's own parser takes half a form for a whole one, drops parts whose head it can't read, and
puts marks for letters that it does not know. Here each of these would be a mask, or words of a
prompt, that vanish from a call which is paid all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from django.utils.http import parse_header_parameters

CHUNK = 1024 * 1024
MAX_HEAD_BYTES = 16 * 1024
MAX_PARTS = 120
MAX_BOUNDARY_CHARS = 200


class BrokenForm(Exception):
    """What is wrong with it, as a sentence for its sender."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where a field of the form lies in the body, and what its head says of it."""

    name: str
    filename: str | None  # None for a text.
    charset: str
    is_base64: bool
    begin: int
    end: int

    @property
    def byte_count(self) -> int:
        return self.end - self.begin

    def pieces(self, body: IO[bytes]) -> Iterator[bytes]:
        body.seek(self.begin)
        left = self.byte_count
        while piece := body.read(min(CHUNK, left)):
            left -= len(piece)
            yield piece


def parts_of(body: IO[bytes], content_type: str) -> list[Part]:
    """All fields of a form, once its closing line has been seen."""
    delimiter = b"\r\n--" + _boundary(content_type)
    found: list[Part] = []
    begin: int | None = None
    for number, at in enumerate(_places(body, delimiter)):
        if number > MAX_PARTS:
            raise BrokenForm("The multipart form of your request has too many parts.")
        next_begin, is_last = _after(body, at + len(delimiter))
        if next_begin is None:
            continue
        if begin is not None:
            found.append(_part(body, begin, at))
        if is_last:
            return found
        begin = next_begin
    raise BrokenForm(
        "The multipart form of your request ends before its closing line, so a part of it may be"
        " missing. Nothing was started; send it whole."
    )


def _boundary(content_type: str) -> bytes:
    try:
        boundary = parse_header_parameters(content_type)[1].get("boundary", "")
    except ValueError:  # A character set that nobody knows.
        boundary = ""
    fits = boundary.isascii() and boundary.isprintable() and not boundary.endswith(" ")
    if not fits or not 0 < len(boundary) <= MAX_BOUNDARY_CHARS:
        raise BrokenForm("The Content-Type of your multipart form names no boundary.")
    return boundary.encode()


def _places(body: IO[bytes], delimiter: bytes) -> Iterator[int]:
    """Where the delimiter's letters stand; the first ones may be at the very beginning."""
    kept, at, offset = b"\r\n", -2, 0
    body.seek(0)
    while piece := body.read(CHUNK):
        offset += len(piece)
        window, begin = kept + piece, 0
        while (found := window.find(delimiter, begin)) >= 0:
            begin = found + len(delimiter)
            yield at + found
        cut = max(begin, len(window) - len(delimiter) + 1)
        kept, at = window[cut:], at + cut
        body.seek(offset)  # Whoever takes the places looks into the body meanwhile.


def _after(body: IO[bytes], at: int) -> tuple[int | None, bool]:
    """Where a part begins behind a delimiter, and whether that was the last one.

    None where it is none: another boundary may begin with the same letters.
    """
    body.seek(at)
    line = body.read(MAX_BOUNDARY_CHARS)
    if line.startswith(b"--"):
        return at + 2, True
    padding = len(line) - len(line.lstrip(b" \t"))
    return (at + padding + 2, False) if line[padding:].startswith(b"\r\n") else (None, False)


def _part(body: IO[bytes], begin: int, end: int) -> Part:
    body.seek(begin)
    head, line_end, _ = body.read(min(MAX_HEAD_BYTES, end - begin)).partition(b"\r\n\r\n")
    fields = _fields(head)
    disposition = fields.get("content-disposition", ("", {}))[1]
    if not line_end or "name" not in disposition:
        raise BrokenForm("A part of your multipart form does not say which field it is.")
    coding = fields.get("content-transfer-encoding", ("", {}))[0]
    return Part(
        name=disposition["name"],
        filename=disposition.get("filename"),
        charset=fields.get("content-type", ("", {}))[1].get("charset", ""),
        is_base64=coding.strip().lower() == "base64",
        begin=begin + len(head) + len(line_end),
        end=end,
    )


def _fields(head: bytes) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """The lines of a head. A name of a file may be in any character set; it is only shown."""
    fields = {}
    for line in head.split(b"\r\n"):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            text = line.decode("latin-1")
        name, _, value = text.partition(":")
        try:
            fields[name.strip().lower()] = parse_header_parameters(value.strip())
        except ValueError:
            continue
    return fields
