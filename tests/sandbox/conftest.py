"""A sandbox of its own for each test, in a thread, quick, with a ledger."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image, ImageDraw

from imagestudio.sandbox.server import SandboxServer

KEY = "sk-any"


@dataclass(frozen=True)
class Sandbox:
    base_url: str
    ledger_path: Path

    def post(self, path: str = "/images/generations", **fields: Any) -> requests.Response:
        body = {"model": "gpt-image-2", "prompt": "an otter", "quality": "low", **fields}
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

    def edit(self, *images: bytes, **parts: Any) -> requests.Response:
        """Send a form; bytes become files, and everything else becomes text."""
        name = "image[]" if len(images) > 1 else "image"
        files: list[tuple[str, Any]] = [(name, ("a.png", image)) for image in images]
        texts = {"model": "gpt-image-2.6-flare", "prompt": "a hat", "quality": "low"}
        for part, value in parts.items():
            if isinstance(value, bytes):
                files.append((part, (f"{part}.png", value)))
            elif value is None:
                texts.pop(part, None)
            else:
                texts[part] = str(value)
        return self.send("POST", "/images/edits", data=texts, files=files)

    def events(self, response: requests.Response) -> list[dict[str, Any]]:
        """Read the events of a streamed answer the plain way."""
        assert response.headers["content-type"] == "text/event-stream"
        blocks = [block for block in response.text.split("\n\n") if "data: " in block]
        return [json.loads(block.split("data: ", 1)[1]) for block in blocks]

    def ledger(self, event: str = "call") -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.ledger_path.read_text().splitlines()]
        return [line for line in lines if line["event"] == event]


@pytest.fixture
def sandbox(tmp_path: Path, day_of_the_table: None) -> Iterator[Sandbox]:
    """On a day on which all models of the table are there; what ends them has tests of its own."""
    with running(tmp_path) as sandbox:
        yield sandbox


@contextmanager
def running(folder: Path, **options: Any) -> Iterator[Sandbox]:
    ledger = folder / "ledger.jsonl"
    server = SandboxServer("127.0.0.1", 0, ledger, latency_s=0, **options)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield Sandbox(server.base_url, ledger)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def png_of(image: Image.Image, output_format: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, output_format)
    return file.getvalue()


def photo(width: int = 1024, height: int = 1024, colour: str = "seagreen") -> Image.Image:
    """Give a picture with some structure, so that a change is told from noise."""
    image = Image.new("RGB", (width, height), colour)
    ImageDraw.Draw(image).rectangle((0, height // 2, width, height), fill="peru")
    return image


def layer(width: int = 1024, height: int = 1024, *, clear: tuple[int, int, int, int]) -> bytes:
    """Give an opaque layer that is transparent within the box."""
    image = Image.new("RGBA", (width, height), "black")
    image.paste((0, 0, 0, 0), clear)
    return png_of(image)


def picture_of(data: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(data)))


def error_of(response: requests.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert set(error) >= {"message", "type", "param", "code"}
    return error
