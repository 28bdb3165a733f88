"""Turns a JSON document or the texts of a form into the request that the pages make too."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any

from imagestudio.images_api.aliases import STYLES
from imagestudio.images_api.modelspec import problem_of_number
from imagestudio.images_api.params import MAX_DIGITS, PARAMS
from imagestudio.images_api.types import ImageRequest, Operation, SvgAuthor
from jobs.gateway.api.errors import invalid
from jobs.gateway.api.fields import (
    JSON_NAMES,
    MAX_IDENTIFIER_CHARS,
    MAX_TEXT_CHARS,
    RESPONSE_FORMATS,
    Field,
)

# Counting is cheap, parsing millions of empty lists is not. A prompt of nothing but commas passes,
# and pictures in base64 have none of these.
_SIGNS, MAX_SIGNS = (b"[", b"{", b","), 4 * MAX_TEXT_CHARS
_WIRE_NAMES = {**JSON_NAMES, float: "number", list: "array", type(None): "null"}
_NUMBER = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}(\.[0-9]{{1,9}})?([eE][+-]?[0-9])?", re.ASCII)
_NOT_OF_REQUESTS = {"response_format", "style", "user", "svg"}
# What no model judges.
_ONE_OF = {"response_format": RESPONSE_FORMATS, "style": tuple(STYLES)}


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """What was asked for, and how the answer is to look. The pictures come beside it."""

    request: ImageRequest
    response_format: str | None = None
    style: str | None = None


def read_json(file: IO[bytes]) -> dict[str, Any]:
    """Read an object; its nulls mean "not given"."""
    data = file.read()
    if sum(data.count(sign) for sign in _SIGNS) > MAX_SIGNS:
        message = "The JSON body of your request has more parts than any request needs."
        raise invalid(None, message, "invalid_json")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        message = "We could not parse the JSON body of your request."
        raise invalid(None, message, "invalid_json") from None
    if not isinstance(document, dict):
        raise invalid(None, "The JSON body of your request is not an object.", "invalid_json")
    return {name: value for name, value in document.items() if value is not None}


def read_texts(texts: Iterable[tuple[str, str]], fields: Iterable[Field]) -> dict[str, Any]:
    """Give the texts of a form the types that JSON has."""
    kinds = {each.name: each.kind for each in fields}
    values: dict[str, Any] = {}
    for name, text in texts:
        if text == "" and name != "prompt":
            continue  # Nothing was filled in: not given, whatever the field.
        if name == "svg[model]":
            values.setdefault("svg", {})["model"] = text
        elif name == "svg[reasoning][effort]":
            values.setdefault("svg", {})["reasoning"] = {"effort": text}
        else:
            values[name] = _typed(text, kinds.get(name, str))
    return values


def parse(
    operation: Operation, values: Mapping[str, Any], fields: Iterable[Field]
) -> ParsedRequest:
    """Check names and types. What a model makes of the values is judged where pages judge it."""
    known = {each.name: each for each in fields}
    values = {name: _whole(value) for name, value in values.items()}
    for name, value in values.items():
        if name not in known:
            raise invalid(name, _unknown(name), "unknown_parameter")
        _check(known[name], value)
    for each in known.values():
        if each.is_required and each.name not in values:
            message = f"Missing required parameter: '{each.name}'."
            raise invalid(each.name, message, "missing_required_parameter")
    style = values.get("style")
    return ParsedRequest(_request(operation, values), values.get("response_format"), style)


def _unknown(name: str) -> str:
    message = f"Unknown parameter: '{name[:60]}'."
    return f"{message} In JSON the pictures are a list, 'images'." if name == "image" else message


def _whole(value: object) -> object:
    """JSON has one kind of number: 1.0 is the integer 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _request(operation: Operation, values: Mapping[str, Any]) -> ImageRequest:
    given = {
        name: value
        for name, value in values.items()
        if name not in _NOT_OF_REQUESTS and not _is_default(name, value)
    }
    previews = given.pop("partial_images", 0)
    if problem := problem_of_number("partial_images", previews):
        raise invalid(problem.param, problem.message)
    if given.get("stream"):
        # They are for streamed answers only; anybody else would pay for what never arrives.
        given["partial_images"] = previews
    if user := values.get("user"):
        given.setdefault("safety_identifier", _identifier(user))
    named = {"operation": operation, "prompt": "", "model": ""} | given
    named["prompt"] = named["prompt"].strip()
    request = ImageRequest.from_json(named)
    return replace(request, svg=_author(values["svg"]) if "svg" in values else None)


def _is_default(name: str, value: object) -> bool:
    """The service's own default, spelled out, is no choice: a png with it is not compressed."""
    return name in PARAMS and value == PARAMS[name].default


def _identifier(user: str) -> str:
    is_short = len(user) <= MAX_IDENTIFIER_CHARS
    return user if is_short else hashlib.sha256(user.encode()).hexdigest()


def _author(svg: Mapping[str, Any]) -> SvgAuthor:
    unknown = set(svg) - {"model", "reasoning"}
    reasoning = svg.get("reasoning") or {}
    if unknown or not isinstance(reasoning, dict) or set(reasoning) - {"effort"}:
        raise invalid("svg", "'svg' holds a model, and an effort under 'reasoning'.")
    model, effort = svg.get("model"), reasoning.get("effort")
    if not isinstance(model, str) or not 0 < len(model) <= 100:
        message = "Missing required parameter: 'svg.model'."
        raise invalid("svg.model", message, "missing_required_parameter")
    if not isinstance(effort, str | None):
        raise invalid("svg.reasoning.effort", "The effort is a word.", "invalid_type")
    _check_text("svg.model", model)
    return SvgAuthor(model=model, effort=effort)


def _check(field: Field, value: object) -> None:
    if type(value) is not field.kind:
        wanted, got = JSON_NAMES[field.kind], _WIRE_NAMES.get(type(value), "object")
        message = f"Invalid type for '{field.name}': expected {wanted}, but got {got} instead."
        raise invalid(field.name, message, "invalid_type")
    if isinstance(value, str):
        _check_text(field.name, value)
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        raise invalid(field.name, f"Invalid value for '{field.name}': out of range.")
    if (words := _ONE_OF.get(field.name)) and value not in words:
        raise invalid(field.name, f"Choose {' or '.join(words)}.")
    if field.name == "safety_identifier" and len(str(value)) > MAX_IDENTIFIER_CHARS:
        raise invalid(field.name, f"Use at most {MAX_IDENTIFIER_CHARS} characters.")


def _check_text(name: str, text: str) -> None:
    """The database keeps neither NUL nor half a character."""
    if len(text) > MAX_TEXT_CHARS:
        raise invalid(name, f"'{name}' has {len(text):,} characters, which nothing here reads.")
    if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise invalid(name, f"'{name}' holds a character that is no text.")


def _typed(text: str, kind: type) -> object:
    if kind is int:
        return _whole(float(text)) if _NUMBER.fullmatch(text) else text
    if kind is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text
