from __future__ import annotations

from typing import Any

import pytest

from imagestudio.images_api.params import PARAMS
from imagestudio.sandbox.server import MAX_BODY_BYTES
from tests.sandbox.conftest import Sandbox, error_of


@pytest.mark.parametrize("header", ["", "Bearer ", "Basic c2s6", "sk-any"])
def test_it_wants_a_key(sandbox: Sandbox, header: str) -> None:
    response = sandbox.send(
        "POST", "/images/generations", json={}, headers={"Authorization": header}
    )

    assert response.status_code == 401
    assert error_of(response)["code"] == "invalid_api_key"


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"seed": 4}, "seed", "unknown_parameter"),
        ({"response_format": "b64_json"}, "response_format", "unknown_parameter"),
        ({"style": "vivid"}, "style", "unknown_parameter"),
        ({"prompt": None}, "prompt", "missing_required_parameter"),
        ({"model": None}, "model", "missing_required_parameter"),
        ({"prompt": ""}, "prompt", "invalid_value"),
        ({"prompt": "x" * 32_001}, "prompt", "invalid_value"),
        ({"prompt": 7}, "prompt", "invalid_type"),
        ({"n": 0}, "n", "invalid_value"),
        ({"n": 11}, "n", "invalid_value"),
        ({"n": "2"}, "n", "invalid_type"),
        ({"n": True}, "n", "invalid_type"),
        ({"n": 1.0}, "n", "invalid_type"),
        ({"size": "1000x1000"}, "size", "invalid_value"),
        ({"size": [1, 2]}, "size", "invalid_type"),
        ({"quality": "max"}, "quality", "invalid_value"),
        ({"quality": "hd"}, "quality", "invalid_value"),
        ({"background": "blue"}, "background", "invalid_value"),
        ({"background": "transparent", "output_format": "jpeg"}, "background", "invalid_value"),
        ({"output_format": "gif"}, "output_format", "invalid_value"),
        ({"output_compression": 50}, "output_compression", "invalid_value"),
        ({"moderation": "off"}, "moderation", "invalid_value"),
        ({"stream": True, "n": 2}, "stream", "invalid_value"),
        ({"stream": "true"}, "stream", "invalid_type"),
        ({"partial_images": 4}, "partial_images", "invalid_value"),
        ({"complexity": "low"}, "complexity", "invalid_value"),
        ({"frame_count": 4}, "frame_count", "invalid_value"),
        ({"input_fidelity": "low"}, "input_fidelity", "invalid_value"),
        ({"svg": {}}, "svg.model", "missing_required_parameter"),
    ],
)
def test_it_refuses_what_the_real_service_refuses(
    sandbox: Sandbox, fields: dict[str, Any], param: str, code: str
) -> None:
    response = sandbox.post(**fields)

    error = error_of(response)
    assert response.status_code == 400
    assert (error["param"], error["code"]) == (param, code)
    assert error["type"] == "invalid_request_error"
    assert response.headers["x-request-id"]


def test_it_has_learnt_every_parameter_that_the_client_sends(sandbox: Sandbox) -> None:
    """It has a list of its own, which a new parameter has to be written into."""
    nothing: Any = []

    answers = {name: error_of(sandbox.post(**{name: nothing}))["code"] for name in PARAMS}

    assert answers == dict.fromkeys(PARAMS, "invalid_type")


@pytest.mark.parametrize("model", ["dall-e-3", "gpt-image-1", "gpt-image-99", ""])
def test_it_knows_no_other_models(sandbox: Sandbox, model: str) -> None:
    response = sandbox.post(model=model)

    assert response.status_code == 404
    assert error_of(response)["code"] == "model_not_found"
    assert "does not exist" in error_of(response)["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_it_refuses_a_body_that_is_no_object(sandbox: Sandbox, body: bytes) -> None:
    response = sandbox.send("POST", "/images/generations", data=body)

    assert response.status_code == 400
    assert "JSON body" in error_of(response)["message"]


def test_it_refuses_a_body_that_is_too_large(sandbox: Sandbox) -> None:
    response = sandbox.send("POST", "/images/generations", data=b"x" * (MAX_BODY_BYTES + 1))

    assert response.status_code == 413


def test_it_refuses_a_body_of_unknown_length(sandbox: Sandbox) -> None:
    response = sandbox.send("POST", "/images/generations", headers={"Content-Length": "many"})

    assert response.status_code == 411


def test_it_reads_a_body_that_comes_in_chunks(sandbox: Sandbox) -> None:
    response = sandbox.send("POST", "/images/generations", data=iter([b"{", b"}"]))

    assert error_of(response)["code"] == "missing_required_parameter"


def test_it_refuses_chunks_that_are_too_many(sandbox: Sandbox) -> None:
    pieces = iter([b"x" * 100_000] * 11)

    response = sandbox.send("POST", "/images/generations", data=pieces)

    assert response.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/images/edits", 400),
        ("POST", "/images/variations", 400),
        ("POST", "/chat/completions", 404),
        ("GET", "/images/generations", 404),
        ("GET", "/nowhere", 404),
        ("DELETE", "/models/gpt-image-2", 405),
        ("PUT", "/images/generations", 405),
    ],
)
def test_it_answers_in_the_same_shape_everywhere(
    sandbox: Sandbox, method: str, path: str, status: int
) -> None:
    response = sandbox.send(method, path, data=b"")

    assert response.status_code == status
    assert error_of(response)["type"] == "invalid_request_error"


def test_it_bills_nothing_that_it_refuses(sandbox: Sandbox) -> None:
    sandbox.post(n=0)
    sandbox.post()

    assert [line["n"] for line in sandbox.ledger()] == [1]
