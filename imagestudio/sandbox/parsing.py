"""Reads a request as the Images API does, and refuses what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from imagestudio.images_api.capabilities import GONE, MODELS, problems
from imagestudio.images_api.types import ImageRequest
from imagestudio.sandbox.envelope import ApiFault, Faulty, invalid

_TEXTS = ("prompt", "model", "size", "quality", "background", "output_format", "moderation")
_NUMBERS = ("n", "output_compression")
# Taken and not used: they change nothing that the sandbox could show.
_IGNORED = {"user": str, "safety_identifier": str, "partial_images": int, "stream": bool}
_JSON_NAMES = {str: "string", int: "integer", bool: "boolean", float: "number"}


def parse_json(body: bytes) -> dict[str, Any]:
    """Read the body as an object without its nulls, which mean "not given"."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        message = "We could not parse the JSON body of your request."
        raise Faulty(ApiFault(400, message)) from error
    if not isinstance(document, dict):
        raise Faulty(ApiFault(400, "The JSON body of your request is not an object."))
    return {name: value for name, value in document.items() if value is not None}


def parse_generation(fields: Mapping[str, Any]) -> ImageRequest:
    for name, value in fields.items():
        _check_type(name, value)
    for name in ("prompt", "model"):
        if name not in fields:
            message = f"Missing required parameter: '{name}'."
            raise invalid(name, message, "missing_required_parameter")
    if fields.get("stream"):
        raise invalid("stream", "The sandbox does not stream.")
    _check_model(fields["model"])
    given = {name: fields[name] for name in (*_TEXTS, *_NUMBERS) if name in fields}
    # The API takes its default spelled out, where our request only takes a real compression.
    if given.get("output_compression") == 100:
        del given["output_compression"]
    request = ImageRequest.from_json(given)
    for problem in problems(request):
        raise invalid(problem.param, f"Invalid value for '{problem.param}': {problem.message}")
    return request


def _check_type(name: str, value: object) -> None:
    expected = str if name in _TEXTS else int if name in _NUMBERS else _IGNORED.get(name)
    if expected is None:
        raise invalid(name, f"Unknown parameter: '{name}'.", "unknown_parameter")
    if type(value) is not expected:
        wanted, got = _JSON_NAMES[expected], _JSON_NAMES.get(type(value), "object")
        message = f"Invalid type for '{name}': expected {wanted}, but got {got} instead."
        raise invalid(name, message, "invalid_type")


def _check_model(name: str) -> None:
    if name in MODELS:
        return
    ended = f" It ended on {GONE[name].ended_on.isoformat()}." if name in GONE else ""
    message = f"The model '{name}' does not exist.{ended}"
    raise Faulty(ApiFault(404, message, code="model_not_found", param="model"))
