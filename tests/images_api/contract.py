"""The OpenAPI document as something to hold requests and answers against."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_DOCUMENT = Path(__file__).with_name("images-openapi.yaml")
_URI = "urn:images-openapi"


def faults(schema: str, instance: object) -> list[str]:
    """Say where an instance breaks the contract; an empty list means nowhere."""
    found = _validator(schema).iter_errors(instance)
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


def form_instance(texts: Mapping[str, str], files: list[tuple[str, bytes]]) -> dict[str, Any]:
    """Give a form the shape that its schema speaks of: numbers and booleans by their spelling."""
    instance: dict[str, Any] = {name: _typed(name, text) for name, text in texts.items()}
    for name, _ in files:
        if name == "image[]":
            instance.setdefault(name, []).append("bytes")
        else:
            instance[name] = "bytes"
    return instance


def documented_errors() -> list[tuple[str, str]]:
    """Give the places of all examples of error answers."""
    responses = _document()["components"]["responses"]
    return [
        (name, example)
        for name, response in responses.items()
        for example in response["content"]["application/json"].get("examples", {})
    ]


def documented_error(response: str, example: str) -> Any:
    content = _document()["components"]["responses"][response]["content"]
    return content["application/json"]["examples"][example]["value"]


@cache
def _document() -> Any:
    return yaml.safe_load(_DOCUMENT.read_text())


@cache
def _validator(schema: str) -> Draft202012Validator:
    resource = Resource.from_contents(_document(), default_specification=DRAFT202012)
    return Draft202012Validator(
        {"$ref": f"{_URI}#/components/schemas/{schema}"},
        registry=Registry().with_resource(_URI, resource),
    )


_NUMBERS = {"n", "output_compression", "partial_images", "frame_count", "frame_duration_ms"}


def _typed(name: str, text: str) -> object:
    if name in _NUMBERS:
        return int(text)
    return text == "true" if name == "stream" else text
