"""Sends answers: whole, as events, or in the ways that magic words ask for."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from imagestudio.sandbox.answers import Resolved, make_events
from imagestudio.sandbox.magic import Trick
from imagestudio.sandbox.parsing import Wanted

_KEPT_FILES = 64
_STREAM_FAULT = {
    "error": {
        "message": "The server had an error while drawing your image.",
        "type": "server_error",
        "param": None,
        "code": "server_error",
    }
}
_EARLY_ENDS = {Trick.CUT_STREAM, Trick.CUT, Trick.STREAM_ERROR}


class FileShelf:
    """The last pictures that were answered by address, for as long as there is room."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, data: bytes, output_format: str) -> str:
        name = f"{secrets.token_hex(12)}.{output_format}"
        with self._lock:
            self._files[name] = data
            while len(self._files) > _KEPT_FILES:
                self._files.popitem(last=False)
        return name

    def get(self, name: str) -> bytes | None:
        with self._lock:
            return self._files.get(name)


def as_base64(file: bytes, output_format: str) -> dict[str, str]:
    return {"b64_json": base64.b64encode(file).decode()}


def send_events(
    wanted: Wanted,
    resolved: Resolved,
    trick: Trick | None,
    *,
    send: Callable[[bytes], None],
    wait_until: Callable[[float], None],
    note: Callable[[], None],
    latency_s: float,
) -> bool:
    """Send events spread over the latency; tells whether the stream came to its proper end.

    `note` is called just before the last of them.
    """
    count = resolved.request.partial_images + 1
    send(b": the sandbox is drawing\n\n")
    events = make_events(wanted, resolved, as_text=trick == Trick.NOT_AN_IMAGE)
    for number, event in enumerate(events, 1):
        is_last = number == count
        text = _spelled(event["type"], event)
        wait_until(latency_s * number / count)
        if is_last or (number > 1 and trick in _EARLY_ENDS):
            note()
            if trick == Trick.PARTIAL:
                return True
            if trick in {Trick.CUT_STREAM, Trick.CUT}:
                send(text[: len(text) // 2])
                return False
            if trick == Trick.STREAM_ERROR:
                send(_spelled("error", _STREAM_FAULT))
                return True
        send(text)
    return True


def _spelled(kind: str, document: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(document)}\n\n".encode()
