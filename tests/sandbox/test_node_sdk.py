"""The official Node client, pointed at the sandbox; seen with Node 20 though it asks for 22."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sandbox.conftest import Sandbox, layer, photo, png_of

SDK = "openai@7.57.0"
SCRIPT = Path(__file__).with_name("node_sdk.mjs")
INSTALL_S = 90
RUN_S = 120

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Install the client into a folder of its own, or say why that cannot be done."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("there is no node and npm on this machine")
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", SDK]
    try:
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, timeout=INSTALL_S, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the package registry does not answer")
    if done.returncode:
        pytest.skip("the package registry has no such client, or cannot be reached")
    shutil.copy(SCRIPT, tmp_path)
    return tmp_path


def test_it_does_all_that_the_sandbox_does(sandbox: Sandbox, project: Path) -> None:
    (project / "otter.png").write_bytes(png_of(photo(512, 512)))
    (project / "mask.png").write_bytes(layer(512, 512, clear=(0, 0, 99, 99)))

    done = subprocess.run(
        ["node", SCRIPT.name, sandbox.base_url, "otter.png", "mask.png"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert dict(json.loads(line) for line in done.stdout.splitlines()) == {
        "generate": 2,
        "edit from a file stream": 1024,
        "edit several with a mask": 2048,
        "stream": ["image_generation.partial_image", "image_generation.completed"],
        "variation": 1,
        "error": [400, "moderation_blocked"],
    }
