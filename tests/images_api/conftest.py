"""These tests need no database: a client, and an upstream that does as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import Answer, ImageRequest
from tests.upstream import ScriptedUpstream

KEY = "sk-canary-8d1f"
OTTER = ImageRequest(model="gpt-image-2", prompt="an otter")


class Ask(Protocol):
    def __call__(
        self, request: ImageRequest = OTTER, *, deadline_s: float = 20, call: Call | None = None
    ) -> Answer: ...


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
