"""The official Node client against a whole studio."""

from pathlib import Path

import pytest

from tests import node_sdk
from tests.studio import RunningStudio

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("programs")]

REFUSED = [
    {"prompt": "[moderation]"},
    {"prompt": "[gateway-timeout]"},
    {"size": "7x7"},
    {"model": "dall-e-9"},
]


def test_it_does_all_that_the_provider_does(
    studio: RunningStudio, secret: str, tmp_path: Path
) -> None:
    said = node_sdk.run(tmp_path, f"{studio.base_url}/v1", secret, REFUSED)

    assert said == node_sdk.DONE | {
        "errors": [
            ["BadRequestError", 400, "moderation_blocked"],
            ["InternalServerError", 504, "outcome_unknown"],
            ["BadRequestError", 400, "invalid_value"],
            ["NotFoundError", 404, "model_not_found"],
        ]
    }
