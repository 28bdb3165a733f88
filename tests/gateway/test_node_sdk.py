"""The official Node client against a whole studio; seen with Node 20 though it asks for 22."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sandbox.conftest import layer, photo, png_of
from tests.sandbox.test_node_sdk import RUN_S, project
from tests.studio import RunningStudio

__all__ = ["project"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]

SCRIPT = Path(__file__).with_name("node_sdk.mjs")


def test_it_does_all_that_the_provider_does(
    studio: RunningStudio,
    secret: str,
    project: Path,
) -> None:
    shutil.copy(SCRIPT, project)
    (project / "otter.png").write_bytes(png_of(photo(512, 512)))
    (project / "mask.png").write_bytes(layer(512, 512, clear=(0, 0, 99, 99)))

    done = subprocess.run(
        ["node", SCRIPT.name, f"{studio.base_url}/v1", secret, "otter.png", "mask.png"],
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
        "errors": [
            ["BadRequestError", 400, "moderation_blocked"],
            ["InternalServerError", 504, "outcome_unknown"],
            ["BadRequestError", 400, "invalid_value"],
            ["NotFoundError", 404, "model_not_found"],
        ],
    }
