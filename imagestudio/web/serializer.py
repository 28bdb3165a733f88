"""Serializer of the cache: whoever can write into Valkey may change a value, and run nothing."""

import json
from typing import Any

# One byte tells how to read the rest; a bare number is one that Valkey itself counts up.
_JSON, _BYTES = b"j", b"b"


class JsonSerializer:
    """The `serializer` of every cache. Django's own is pickle, which runs what it reads."""

    def dumps(self, value: Any) -> int | bytes:
        if type(value) is int:
            return value
        if isinstance(value, bytes):
            return _BYTES + value
        text = json.dumps(value, separators=(",", ":"))
        return _JSON + text.encode()

    def loads(self, data: bytes) -> Any:
        """ValueError for what we have not written."""
        kind, rest = data[:1], data[1:]
        if kind == _BYTES:
            return rest
        if kind != _JSON:
            return int(data)
        try:
            return json.loads(rest)
        except RecursionError:
            raise ValueError("Nested deeper than anything that we write.") from None
