"""Ledger: a synced record of what would have been billed, for tests that kill processes.

Each call leaves one line of `"event": "call"` the moment it is accepted, with `billed` saying
whether the real service would charge for it, and one of `"event": "outcome"` just before its
answer is sent. Lines are JSON.
"""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

MAX_PROMPT_CHARS = 200


class Ledger:
    """Appends lines that are on the disk when the method returns; without a path it is mute."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    def write_call(
        self,
        *,
        request_id: str,
        client_request_id: str | None,
        model: str,
        prompt: str,
        n: int,
        billed: bool,
    ) -> None:
        self._append(
            event="call",
            client_request_id=client_request_id,
            request_id=request_id,
            model=model,
            prompt=prompt[:MAX_PROMPT_CHARS],
            n=n,
            billed=billed,
        )

    def write_outcome(
        self, *, request_id: str, client_request_id: str | None, outcome: str
    ) -> None:
        self._append(
            event="outcome",
            client_request_id=client_request_id,
            request_id=request_id,
            outcome=outcome,
        )

    def _append(self, **fields: object) -> None:
        if self._path is None:
            return
        line = json.dumps({"at": datetime.now(UTC).isoformat(), **fields}) + "\n"
        with self._lock, self._path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
