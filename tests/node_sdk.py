"""The official Node client, installed where a test wants it; seen with Node 20, it asks for 22."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import layer, photo, png_of

SDK = "openai@7.57.0"
SCRIPT = Path(__file__).with_name("node_sdk.mjs")
INSTALL_S = 90
RUN_S = 120
# What it says when all that it tries goes well; the errors depend on what was asked for.
DONE = {
    "generate": 2,
    "edit from a file stream": 1024,
    "edit several with a mask": 2048,
    "stream": ["image_generation.partial_image", "image_generation.completed"],
    "variation": 1,
}


def run(folder: Path, base_url: str, key: str, refused: list[dict[str, str]]) -> dict[str, Any]:
    """Do everything once, and these requests that are refused; gives what came of each."""
    install(folder)
    (folder / "otter.png").write_bytes(png_of(photo(512, 512)))
    (folder / "mask.png").write_bytes(layer(512, 512, clear=(0, 0, 99, 99)))
    done = subprocess.run(
        ["node", SCRIPT.name, base_url, key, "otter.png", "mask.png", json.dumps(refused)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(line) for line in done.stdout.splitlines())


def install(folder: Path) -> None:
    """Install the client into a folder of its own, or say why that cannot be done."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("there is no node and npm on this machine")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", SDK]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=INSTALL_S, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the package registry does not answer")
    if done.returncode:
        pytest.skip("the package registry has no such client, or cannot be reached")
    shutil.copy(SCRIPT, folder)
