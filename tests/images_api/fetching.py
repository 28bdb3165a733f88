"""A provider whose answers name pictures instead of holding them, and traps among the names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.types import Answer
from tests.images_api.conftest import KEY, OTTER
from tests.upstream import ScriptedUpstream, reply

TRAPS = [
    "http://127.0.0.1:{port}/x.png",
    "http://localhost:{port}/x.png",
    "http://0.0.0.0:{port}/x.png",
    "http://2130706433:{port}/x.png",
    "http://0x7f000001:{port}/x.png",
    "http://0177.0.0.1:{port}/x.png",
    "http://127.1:{port}/x.png",
    "http://[::1]:{port}/x.png",
    "http://[::ffff:127.0.0.1]:{port}/x.png",
    "https://127.0.0.1:{port}/x.png",
    "http://user@127.0.0.1:{port}/x.png",
    "http://good.example@127.0.0.1:{port}/x.png",
    "http://good.example:{port}/x.png",
    "https://good.example:{port}/x.png",
    "https://user:pw@good.example/x.png",
    "http://good.example/x.png",
    "https://good.example.evil.example/x.png",
    "//127.0.0.1:{port}/x.png",
    "file:///etc/passwd",
    "ftp://good.example/x.png",
    "gopher://127.0.0.1:{port}/",
    "https://good.example:99999/x.png",
    "https://[good.example/x.png",
    "https:///x.png",
    "",
]


class Asker:
    def __init__(self, upstream: ScriptedUpstream, folder: Path) -> None:
        self.upstream = upstream
        self.folder = folder

    def __call__(self, *urls: object, deadline_s: float = 20, **switches: Any) -> Answer:
        self.upstream.script(reply({"created": 1, "data": [{"url": url} for url in urls]}))
        entry = {"name": "x", "base_url": self.upstream.base_url, "api_key": KEY, **switches}
        client = ImagesClient(from_json({"answers": "url", **entry}))
        return client.generate(OTTER, into=self.folder, call=Call(deadline_s))
