"""A sandbox of its own for each test, in a thread, quick, with a ledger."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from imagestudio.sandbox.server import SandboxServer

KEY = "sk-any"


@dataclass(frozen=True)
class Sandbox:
    base_url: str
    ledger_path: Path

    def post(self, path: str = "/images/generations", **fields: Any) -> requests.Response:
        body = {"model": "gpt-image-1-mini", "prompt": "an otter", "quality": "low", **fields}
        return self.send("POST", path, json=body)

    def get(self, path: str) -> requests.Response:
        return self.send("GET", path)

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {KEY}", **options.pop("headers", {})}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, self.base_url + path, headers=headers, timeout=30, **options
            )

    def ledger(self, event: str = "call") -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.ledger_path.read_text().splitlines()]
        return [line for line in lines if line["event"] == event]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    ledger = tmp_path / "ledger.jsonl"
    server = SandboxServer("127.0.0.1", 0, ledger, latency_s=0)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield Sandbox(server.base_url, ledger)
    server.shutdown()
    server.server_close()
    thread.join()


def error_of(response: requests.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert set(error) >= {"message", "type", "param", "code"}
    return error
