"""These tests need no database: a client, and an upstream that does as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import Answer, ImageRequest, InputFacts
from tests.upstream import ScriptedUpstream

KEY = "sk-canary-8d1f"
OTTER = ImageRequest(model="gpt-image-2", prompt="an otter")


class Ask(Protocol):
    def __call__(
        self, request: ImageRequest = OTTER, *, deadline_s: float = 20, call: Call | None = None
    ) -> Answer: ...


class Facts(Protocol):
    def __call__(self, width: int = 1024, height: int = 1024, **fields: Any) -> InputFacts: ...


@pytest.fixture
def facts() -> Facts:
    """Describe a picture that goes along; what is not said is ordinary."""

    def facts(width: int = 1024, height: int = 1024, **fields: Any) -> InputFacts:
        given: dict[str, Any] = {
            "sha256": "0" * 64,
            "format": "png",
            "byte_count": 1_500_000,
        } | fields
        return InputFacts(width=width, height=height, **given)

    return facts


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        yield upstream
    assert upstream.faults == []


@pytest.fixture
def client(upstream: ScriptedUpstream) -> ImagesClient:
    return ImagesClient(Provider("scripted", upstream.base_url, KEY))


@pytest.fixture
def ask(client: ImagesClient, tmp_path: Path) -> Ask:
    """Make one call to the scripted upstream."""

    def ask(
        request: ImageRequest = OTTER, *, deadline_s: float = 20, call: Call | None = None
    ) -> Answer:
        return client.generate(request, into=tmp_path / "in", call=call or Call(deadline_s))

    return ask
