from __future__ import annotations

import requests

from imagestudio.images_api.capabilities import MODELS
from tests.sandbox.conftest import Sandbox, error_of


def test_it_lists_the_models(sandbox: Sandbox) -> None:
    listed = sandbox.get("/models").json()

    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == list(MODELS)


def test_it_says_when_a_model_ends(sandbox: Sandbox) -> None:
    assert sandbox.get("/models/gpt-image-1.5").json()["shutdown_date"] == "2026-12-01"
    assert sandbox.get("/models/gpt-image-2").json()["shutdown_date"] is None


def test_it_does_not_know_a_model_that_is_gone(sandbox: Sandbox) -> None:
    response = sandbox.get("/models/dall-e-3")

    assert response.status_code == 404
    assert error_of(response)["code"] == "model_not_found"


def test_it_is_healthy_without_a_key(sandbox: Sandbox) -> None:
    root = sandbox.base_url.removesuffix("/v1")

    assert requests.get(f"{root}/healthz", timeout=30).json() == {"status": "ok"}
