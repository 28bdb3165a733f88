"""The seed's own programs, with nothing changed but base URL and key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests import node_sdk
from tests.corpus.seed_examples import EXAMPLES, OFFICIAL_BASE_URL, Example
from tests.sandbox.conftest import layer, photo, png_of
from tests.studio import RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]

RUN_S = 120
_NEWEST = "SELECT id, model, n, state, asked FROM jobs_job ORDER BY id DESC LIMIT 1"
_PICTURES = "SELECT count(*) FROM jobs_image WHERE job_id = %s"


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pictures that the examples speak of, and the Node client."""
    folder = tmp_path_factory.mktemp("desk")
    otter = png_of(photo(512, 512))
    (folder / "otter.png").write_bytes(otter)
    (folder / "image_edit_original.png").write_bytes(otter)
    (folder / "mask.png").write_bytes(layer(512, 512, clear=(0, 0, 99, 99)))
    return folder


def said_by(example: Example, desk: Path, base_url: str, key: str) -> str:
    if example.language == "node":
        node_sdk.install(desk)
    own = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": key}
    (desk / "example.mjs").write_text(example.text)
    (desk / "example.py").write_text(example.text)
    command = {
        "curl": ["sh", "-c", example.text.replace(OFFICIAL_BASE_URL, base_url)],
        "python": [sys.executable, "example.py"],
        "node": ["node", "example.mjs"],
    }[example.language]
    done = subprocess.run(
        command,
        cwd=desk,
        env={"PATH": os.environ["PATH"], **own},
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: f"{each.name}-{each.language}")
def test_seed_it_runs_the_example(
    example: Example, desk: Path, studio: RunningStudio, secret: str
) -> None:
    said = said_by(example, desk, f"{studio.base_url}/v1", secret)

    [[job_id, model, n, state, asked]] = studio.rows(_NEWEST)
    assert (model, n, state) == ("gpt-image-2.6-flare", example.picture_count, "succeeded")
    assert studio.rows(_PICTURES, job_id) == [(example.picture_count,)]
    assert asked == {"model": "dall-e-3" if example.name == "generation" else ""}
    if example.language == "curl":
        addresses = [item["url"] for item in json.loads(said)["data"]]
        assert len(addresses) == example.picture_count
        assert requests.get(addresses[0], timeout=20).content[:4] == b"\x89PNG"
    if example.language == "node":
        assert "url: 'http" in said
