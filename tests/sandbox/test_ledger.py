from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path

from imagestudio.sandbox.ledger import Ledger
from tests.sandbox.conftest import Sandbox


def test_it_notes_a_call_and_how_it_ended(sandbox: Sandbox) -> None:
    response = sandbox.send(
        "POST",
        "/images/generations",
        json={"model": "gpt-image-1-mini", "prompt": "x" * 300, "n": 2, "quality": "low"},
        headers={"X-Client-Request-Id": "job-17"},
    )

    [call], [end] = sandbox.ledger(), sandbox.ledger("outcome")
    assert datetime.fromisoformat(call.pop("at")).utcoffset() is not None
    assert call == {
        "event": "call",
        "client_request_id": "job-17",
        "request_id": response.headers["x-request-id"],
        "model": "gpt-image-1-mini",
        "prompt": "x" * 200,
        "n": 2,
        "billed": True,
    }
    assert (end["outcome"], end["request_id"]) == ("answered", call["request_id"])


def test_it_keeps_lines_whole_under_many_writers(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")

    def write(number: int) -> None:
        for _ in range(10):
            ledger.write_outcome(
                request_id=f"r{number}", client_request_id=None, outcome="answered"
            )

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    lines = (tmp_path / "ledger.jsonl").read_text().splitlines()
    assert len([json.loads(line) for line in lines]) == 80


def test_it_is_mute_without_a_path() -> None:
    Ledger(None).write_outcome(request_id="r", client_request_id=None, outcome="answered")
