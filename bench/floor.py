"""The floor: the least that gives a picture on disk, as everybody would write it."""

from __future__ import annotations

import base64
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import requests
from PIL import Image

from imagestudio.images_api.calls import Call
from imagestudio.images_api.client import ImagesClient
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest

MODEL = "gpt-image-2.6-flare"


def bare_call(url: str, folder: Path) -> float:
    """One call with plain `requests`; the seconds that it took."""
    began = time.perf_counter()
    fields = {"model": MODEL, "prompt": "an otter"}
    headers = {"Authorization": "Bearer sk-bench"}
    answer = requests.post(f"{url}/images/generations", json=fields, headers=headers, timeout=300)
    picture = base64.b64decode(answer.json()["data"][0]["b64_json"])
    (folder / f"{uuid4().hex}.png").write_bytes(picture)
    return time.perf_counter() - began


def looked_at_call(url: str, folder: Path) -> float:
    """The same, and the picture is opened whole before it counts, as the studio promises."""
    began = time.perf_counter()
    own = folder / uuid4().hex
    own.mkdir()
    bare_call(url, own)
    [path] = own.iterdir()
    with Image.open(path, formats=("PNG",)) as picture:
        picture.load()
    return time.perf_counter() - began


def our_call(url: str, folder: Path) -> float:
    """The same through the studio's client alone: no rows, no queue."""
    began = time.perf_counter()
    client = ImagesClient(Provider("bench", url, "sk-bench"))
    request = ImageRequest(model=MODEL, prompt="an otter", size="1024x1024")
    client.generate(request, into=folder / uuid4().hex, call=Call(300))
    return time.perf_counter() - began


def bare_calls(url: str, folder: Path, count: int, threads: int) -> float:
    """So many calls by so many threads; the seconds that all took."""
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: bare_call(url, folder), range(count)))
    return time.perf_counter() - began
