"""Reads the bodies of requests: of known length or in chunks, JSON or multipart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import Message
from io import BufferedIOBase

from imagestudio.sandbox.envelope import ApiFault, Faulty

MAX_PARTS = 64
MAX_TEXT_BYTES = 1024 * 1024
MAX_PART_HEAD_BYTES = 16 * 1024
_BROKEN = "The multipart form of your request is broken."


@dataclass(slots=True)
class Form:
    """The parts of a multipart body; files keep their order under each name."""

    texts: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, bytes]] = field(default_factory=list)


def read_body(file: BufferedIOBase, headers: Message, max_bytes: int) -> bytes:
    """Read a body whole; Faulty when it is too large or has no length of any kind."""
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        return _read_chunks(file, max_bytes)
    length = headers.get("Content-Length", "")
    if not length.isascii() or not length.isdigit():
        raise Faulty(ApiFault(411, "The request needs a Content-Length."))
    _check_size(int(length), max_bytes)
    return file.read(int(length))


def parse_form(content_type: str, body: bytes) -> Form:
    boundary = re.search(r'boundary="?([^";,\s]{1,200})"?', content_type)
    if boundary is None:
        raise Faulty(ApiFault(400, _BROKEN))
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())
    if not 2 < len(pieces) <= MAX_PARTS + 2 or not pieces[-1].startswith(b"--"):
        raise Faulty(ApiFault(400, _BROKEN))
    form = Form()
    for piece in pieces[1:-1]:
        _add_part(form, piece.removeprefix(b"\r\n"))
    return form


def _read_chunks(file: BufferedIOBase, max_bytes: int) -> bytes:
    body = bytearray()
    while True:
        size = _chunk_size(file.readline(1000))
        _check_size(len(body) + size, max_bytes)
        if not size:
            break
        body += file.read(size)
        file.readline(1000)
    while file.readline(1000).strip():
        pass  # Trailers mean nothing here.
    return bytes(body)


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError as error:
        raise Faulty(ApiFault(400, "The chunks of your request are broken.")) from error


def _check_size(byte_count: int, max_bytes: int) -> None:
    if byte_count > max_bytes:
        raise Faulty(ApiFault(413, f"The request is larger than {max_bytes:,} bytes."))


def _add_part(form: Form, part: bytes) -> None:
    head_end = part.find(b"\r\n\r\n", 0, MAX_PART_HEAD_BYTES)
    try:
        head = Message()
        for line in part[:head_end].decode().split("\r\n"):
            name, _, value = line.partition(":")
            head[name] = value.strip()
        field_name = head.get_param("name", header="content-disposition")
        if head_end < 0 or not isinstance(field_name, str):
            raise Faulty(ApiFault(400, _BROKEN))
        data = part[head_end + 4 :]
        if head.get_filename() is not None:
            form.files.append((field_name, data))
        elif len(data) <= MAX_TEXT_BYTES:
            form.texts[field_name] = data.decode()
    except ValueError as error:
        raise Faulty(ApiFault(400, _BROKEN)) from error
