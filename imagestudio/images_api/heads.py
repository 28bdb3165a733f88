"""Reads the head of an answer with more patience than the standard library has.

A picture that is paid for must not be lost because a proxy said something before it (102, 103), or
because some gateway wrote a hundred headers of its own.
"""

from __future__ import annotations

import http.client
from http import HTTPStatus
from typing import Any, BinaryIO, cast

MAX_HEAD_BYTES = 1024 * 1024
# Beyond so many lines only those stay that say how the answer is to be read; the library refuses
# more than a hundred.
MAX_LINES = 60
_NEEDED = (
    b"connection:",
    b"content-",
    b"location:",
    b"openai-",
    b"retry-after",
    b"transfer-encoding:",
    b"x-ratelimit-",
    b"x-request-id:",
)
_LINE_BYTES = 65_536  # The library's own limit for one line.
_ENDS = (b"\r\n", b"\n", b"")


class PatientResponse(http.client.HTTPResponse):
    """An answer of the standard library that reads on past interim ones, and past long heads."""

    def begin(self, *args: Any, **named: Any) -> None:
        file = self.fp
        self.fp = cast("Any", _Head(file))
        try:
            super().begin(*args, **named)
        finally:
            # None when the library closed it.
            self.fp = cast("Any", file if self.fp is not None else None)

    def _read_status(self) -> tuple[str, int, str]:
        """Pass over interim answers; after 101 another protocol would follow."""
        while True:
            answer: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            status = answer[1]
            if not 100 < status < 200 or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return answer
            http.client.parse_headers(self.fp)


class _Head:
    """The lines of a head, without those that are too many or too long and not needed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._byte_count = 0
        self._line_count = 0
        self._is_left_out = False

    def readline(self, limit: int = -1) -> bytes:
        while True:
            line = self._file.readline(_LINE_BYTES + 1)
            self._count(line)
            if line in _ENDS:
                self._line_count = 0
                return line
            if line[:1] in b" \t":
                is_left_out = self._is_left_out  # It goes on where the line before it ended.
            else:
                is_left_out = len(line) > _LINE_BYTES or self._is_one_too_many(line)
            self._is_left_out = is_left_out
            if not is_left_out:
                return line
            while line and not line.endswith(b"\n"):
                line = self._file.readline(_LINE_BYTES)
                self._count(line)

    def close(self) -> None:
        self._file.close()

    def _is_one_too_many(self, line: bytes) -> bool:
        self._line_count += 1
        return self._line_count > MAX_LINES and not line.lower().startswith(_NEEDED)

    def _count(self, line: bytes) -> None:
        self._byte_count += len(line)
        if self._byte_count > MAX_HEAD_BYTES:
            raise http.client.HTTPException(f"its head is longer than {MAX_HEAD_BYTES:,} bytes")
