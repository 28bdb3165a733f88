"""Reads server-sent events as they come, in constant memory and in time linear to their size.

One event may be a picture of many megabytes on a single line, so no line is ever collected: its
data is passed on piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable

MAX_FIELD_CHARS = 32
MAX_NAME_CHARS = 200
_BOM = b"\xef\xbb\xbf"


class EventLexer:
    """Takes chunks of any size; LF, CR LF and CR end lines, in any mixture.

    `on_data` gets the data of an event in pieces, `on_end` the event's name, or "", at its end.
    """

    def __init__(self, on_data: Callable[[bytes], None], on_end: Callable[[str], None]) -> None:
        self._on_data = on_data
        self._on_end = on_end
        self._after_cr = False
        self._field = bytearray()
        self._name = bytearray()
        self._has_data = False
        self._is_first_line = True
        self._read_on: Callable[[bytes, int], int] = self._in_field

    @property
    def name(self) -> str:
        """Give the name of the event that is being read, as far as it is known."""
        return self._name.decode(errors="replace").strip()

    def feed(self, chunk: bytes) -> None:
        chunk = self._with_plain_line_ends(chunk)
        position = 0
        while position < len(chunk):
            position = self._read_on(chunk, position)

    def end(self) -> None:
        """Give the last event, though no empty line followed it."""
        if self._read_on == self._in_field and self._field:
            self._end_field()
        self._end_event()

    def _with_plain_line_ends(self, chunk: bytes) -> bytes:
        if self._after_cr and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_cr = False
        if chunk:
            self._after_cr = chunk.endswith(b"\r")
        if b"\r" in chunk:
            return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _in_field(self, chunk: bytes, start: int) -> int:
        """Read up to the colon or, for a line without one, to its end."""
        stop = min(len(chunk), start + MAX_FIELD_CHARS + 1 - len(self._field))
        line_end, colon = chunk.find(b"\n", start, stop), chunk.find(b":", start, stop)
        if colon >= 0 and (line_end < 0 or colon < line_end):
            self._field += chunk[start:colon]
            self._begin_value()
            return colon + 1
        if line_end >= 0:
            self._field += chunk[start:line_end]
            self._end_field()
            return line_end + 1
        self._field += chunk[start:stop]
        if len(self._field) > MAX_FIELD_CHARS:
            self._field.clear()
            self._read_on = self._in_nothing
        return stop

    def _begin_value(self) -> None:
        field = self._field_name()
        if field == b"data":
            self._begin_data()
            self._read_on = self._at_data
        elif field == b"event":
            self._name.clear()
            self._read_on = self._in_name
        else:
            self._read_on = self._in_nothing

    def _end_field(self) -> None:
        """Take a line that has no colon: an empty one ends the event."""
        field = self._field_name()
        if field == b"data":
            self._begin_data()
        elif not field:
            self._end_event()

    def _field_name(self) -> bytes:
        field = bytes(self._field)
        self._field.clear()
        if self._is_first_line:
            self._is_first_line = False
            field = field.removeprefix(_BOM)
        return field

    def _begin_data(self) -> None:
        if self._has_data:
            self._on_data(b"\n")
        self._has_data = True

    def _at_data(self, chunk: bytes, start: int) -> int:
        """Pass over the one space that may follow the colon."""
        self._read_on = self._in_data
        return start + (chunk[start : start + 1] == b" ")

    def _in_data(self, chunk: bytes, start: int) -> int:
        line_end = chunk.find(b"\n", start)
        stop = len(chunk) if line_end < 0 else line_end
        if stop > start:
            self._on_data(chunk[start:stop])
        return self._after_line(stop, line_end)

    def _in_name(self, chunk: bytes, start: int) -> int:
        line_end = chunk.find(b"\n", start)
        stop = len(chunk) if line_end < 0 else line_end
        self._name += chunk[start : min(stop, start + MAX_NAME_CHARS - len(self._name))]
        return self._after_line(stop, line_end)

    def _in_nothing(self, chunk: bytes, start: int) -> int:
        """Pass over comments and fields that mean nothing here."""
        line_end = chunk.find(b"\n", start)
        return self._after_line(len(chunk) if line_end < 0 else line_end, line_end)

    def _after_line(self, stop: int, line_end: int) -> int:
        if line_end < 0:
            return stop
        self._read_on = self._in_field
        return stop + 1

    def _end_event(self) -> None:
        name = self.name
        has_data, self._has_data = self._has_data, False
        self._name.clear()
        if has_data:
            self._on_end(name)


class LineLexer:
    """Takes JSON documents that stand one in a line, as events without names."""

    name = ""

    def __init__(self, on_data: Callable[[bytes], None], on_end: Callable[[str], None]) -> None:
        self._on_data = on_data
        self._on_end = on_end

    def feed(self, chunk: bytes) -> None:
        *lines, rest = chunk.replace(b"\x1e", b"").split(b"\n")
        for line in lines:
            self._on_data(line)
            self._on_end("")
        if rest:
            self._on_data(rest)

    def end(self) -> None:
        self._on_end("")
