"""What is refused: by the provider for safety, and by us when nobody could read it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.asgi import MODEL, Meanwhile, Program
from tests.gateway.forms import form
from tests.sandbox.conftest import KEY, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox(settings: Any, tmp_path: Path) -> Iterator[None]:
    """The studio's own stand-in for a provider, as anybody can try it."""
    with running(tmp_path) as sandbox:
        settings.PROVIDERS = (
            replace(settings.PROVIDERS[0], base_url=sandbox.base_url, api_key=KEY),
        )
        yield


def test_safety_is_told_in_the_providers_own_words(
    program: Program, sandbox: None, worker: Meanwhile
) -> None:
    wish = {"model": MODEL, "prompt": "an otter [moderation]"}

    answer = program.call("POST", "/v1/images/generations", wish, meanwhile=worker)

    assert (answer.status, answer.error["code"]) == (400, "moderation_blocked")
    assert answer.error["moderation_details"] == {
        "moderation_stage": "input",
        "categories": ["violence"],
    }
    assert answer.headers["x-should-retry"] == "false"


def test_a_form_in_no_known_character_set_is_refused(program: Program) -> None:
    answer = program.call(
        "POST",
        "/v1/images/edits",
        body=form({"prompt": "a hat"}, []),
        headers={"Content-Type": "multipart/form-data; boundary*=bogus''otter"},
    )

    assert (answer.status, answer.error["code"]) == (400, "invalid_form")
