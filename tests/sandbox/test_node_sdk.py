"""The official Node client, pointed at the sandbox."""

from pathlib import Path

import pytest

from tests import node_sdk
from tests.sandbox.conftest import Sandbox

pytestmark = pytest.mark.slow


def test_it_does_all_that_the_sandbox_does(sandbox: Sandbox, tmp_path: Path) -> None:
    said = node_sdk.run(tmp_path, sandbox.base_url, "sk-any", [{"prompt": "[moderation]"}])

    assert said == node_sdk.DONE | {"errors": [["BadRequestError", 400, "moderation_blocked"]]}
