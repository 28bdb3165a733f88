"""Multipart forms, as a server reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

from tests.upstream import RecordedCall


@dataclass(frozen=True)
class Part:
    name: str
    data: bytes = field(repr=False)
    file_name: str | None = None
    content_type: str | None = None


def parts_of(call: RecordedCall) -> list[Part]:
    head = f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + call.body)
    return [_part(item) for item in message.walk() if not item.is_multipart()]


def texts_of(call: RecordedCall) -> dict[str, str]:
    return {part.name: part.data.decode() for part in parts_of(call) if part.file_name is None}


def files_of(call: RecordedCall) -> list[tuple[str, bytes]]:
    return [(part.name, part.data) for part in parts_of(call) if part.file_name is not None]


def _part(item: Message) -> Part:
    data = item.get_payload(decode=True)
    return Part(
        name=str(item.get_param("name", header="content-disposition")),
        data=data if isinstance(data, bytes) else b"",
        file_name=item.get_filename(),
        content_type=item.get_content_type() if "content-type" in item else None,
    )
