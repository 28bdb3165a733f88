"""Reads a request as the Images API does, and refuses what it refuses."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from imagestudio.images_api import day
from imagestudio.images_api.capabilities import OFFICIAL
from imagestudio.images_api.lifecycle import RETIREMENTS
from imagestudio.images_api.modelspec import ModelSpec
from imagestudio.images_api.types import ImageRequest, SvgAuthor
from imagestudio.sandbox.envelope import ApiFault, Faulty, invalid
from imagestudio.sandbox.forms import Form
from imagestudio.sandbox.pictures import Picture, read_picture

# What the API takes, written down a second time on purpose: made of the client's own table, a name
# or a type that is wrong there would be understood here too, and no test would tell.
MAX_PARTIAL_IMAGES = 3
_TEXTS = (
    "prompt",
    "model",
    "size",
    "quality",
    "background",
    "output_format",
    "moderation",
    "complexity",
    "input_fidelity",
    "safety_identifier",
)
_NUMBERS = ("n", "output_compression", "partial_images", "frame_count", "frame_duration_ms")
_TYPES: dict[str, type] = {
    **dict.fromkeys(_TEXTS, str),
    **dict.fromkeys(_NUMBERS, int),
    "stream": bool,
    "svg": dict,
    "user": str,
}
_JSON_NAMES = {str: "string", int: "integer", bool: "boolean", float: "number", dict: "object"}
_IMAGE_PART = re.compile(r"image(\[[0-9]{0,3}\])?")
_VARIATION_SIZES = ("256x256", "512x512", "1024x1024")
_MISSING = "missing_required_parameter"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that was understood, with its pictures decoded."""

    request: ImageRequest
    images: tuple[Image.Image, ...] = ()
    mask: Image.Image | None = None
    markup: Image.Image | None = None


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


def parse_generation(fields: Mapping[str, Any]) -> Wanted:
    return _wanted("generate", fields, (), None, None)


def parse_edit_form(form: Form) -> Wanted:
    layers = {name: data for name, data in form.files if name in {"mask", "markup"}}
    images = [data for name, data in form.files if _IMAGE_PART.fullmatch(name)]
    for name, _ in form.files:
        if not _IMAGE_PART.fullmatch(name) and name not in layers:
            raise invalid(name, f"Unknown parameter: '{name}'.", "unknown_parameter")
    pictures = [read_picture(data, "image") for data in images]
    mask, markup = (_layer(layers.get(name), name) for name in ("mask", "markup"))
    return _wanted("edit", _coerced(form.texts), pictures, mask, markup)


def parse_edit_json(fields: Mapping[str, Any]) -> Wanted:
    references = fields.get("images")
    if not isinstance(references, list):
        raise invalid("images", "Missing required parameter: 'images'.", _MISSING)
    pictures = [read_picture(_referred(item, "images"), "images") for item in references]
    mask, markup = (
        read_picture(_referred(fields[name], name), name) if name in fields else None
        for name in ("mask", "markup")
    )
    others = {
        name: value for name, value in fields.items() if name not in {"images", "mask", "markup"}
    }
    return _wanted("edit", others, pictures, mask, markup)


def parse_variation(form: Form) -> Wanted:
    """Read the historic form, which knows a few fields only."""
    pictures = [read_picture(data, name) for name, data in form.files if name == "image"]
    if len(pictures) != 1:
        raise invalid("image", "Missing required parameter: 'image'.", _MISSING)
    texts = dict(form.texts)
    for name in texts:
        if name not in {"model", "n", "size", "response_format", "user"}:
            raise invalid(name, f"Unknown parameter: '{name}'.", "unknown_parameter")
    size = texts.get("size", "1024x1024")
    if size not in _VARIATION_SIZES:
        raise invalid("size", f"Invalid value: '{size}'.")
    model = texts.get("model", "dall-e-2")
    if model != "dall-e-2":
        served(model)
    n = _coerced({"n": texts.get("n", "1")})["n"]
    if not isinstance(n, int) or not 1 <= n <= 10:
        raise invalid("n", f"Invalid value: '{n}'.")
    request = ImageRequest(
        operation="vary", model=model, prompt="a variation", n=n, size=size, quality="low"
    )
    return Wanted(request, (pictures[0].image,))


_PARAM_NAMES = {"inputs": "image", "operation": "image"}


def _wanted(
    operation: str,
    fields: Mapping[str, Any],
    pictures: Iterable[Picture],
    mask: Picture | None,
    markup: Picture | None,
) -> Wanted:
    pictures = tuple(pictures)
    request = _request(operation, fields)
    request = replace(
        request,
        inputs=tuple(picture.facts for picture in pictures),
        mask=mask.facts if mask else None,
        markup=markup.facts if markup else None,
    )
    for problem in served(request.model).problems(request, allows_previews=True):
        param = _PARAM_NAMES.get(problem.param, problem.param)
        raise invalid(param, f"Invalid value for '{param}': {problem.message}")
    images = tuple(picture.image for picture in pictures)
    return Wanted(request, images, mask.image if mask else None, markup.image if markup else None)


def _request(operation: str, fields: Mapping[str, Any]) -> ImageRequest:
    for name, value in fields.items():
        _check_type(name, value)
    for name in ("prompt", "model"):
        if name not in fields:
            raise invalid(name, f"Missing required parameter: '{name}'.", _MISSING)
    served(fields["model"])
    given = {name: fields[name] for name in (*_TEXTS, *_NUMBERS, "stream") if name in fields}
    # The API takes its default spelled out, where our request only takes a real compression.
    if given.get("output_compression") == 100:
        del given["output_compression"]
    previews = given.pop("partial_images", 0)
    if not 0 <= previews <= MAX_PARTIAL_IMAGES:
        raise invalid("partial_images", "Invalid value for 'partial_images': 0 to 3 are possible.")
    if given.get("stream"):
        given["partial_images"] = previews
    author = _author(fields["svg"]) if "svg" in fields else None
    return replace(ImageRequest.from_json(given | {"operation": operation}), svg=author)


def _author(svg: Mapping[str, Any]) -> SvgAuthor:
    model, reasoning = svg.get("model"), svg.get("reasoning") or {}
    if not isinstance(model, str) or not isinstance(reasoning, dict):
        raise invalid("svg.model", "Missing required parameter: 'svg.model'.", _MISSING)
    return SvgAuthor(model=model, effort=reasoning.get("effort"))


def _coerced(texts: Mapping[str, str]) -> dict[str, Any]:
    """Give the texts of a form the types that JSON has."""
    fields: dict[str, Any] = {}
    for name, text in texts.items():
        if name in _NUMBERS:
            fields[name] = int(text) if re.fullmatch(r"-?[0-9]{1,15}", text) else text
        elif name == "stream":
            fields[name] = {"true": True, "false": False}.get(text.lower(), text)
        elif name == "svg[model]":
            fields.setdefault("svg", {})["model"] = text
        elif name == "svg[reasoning][effort]":
            fields.setdefault("svg", {})["reasoning"] = {"effort": text}
        else:
            fields[name] = text
    return fields


def _layer(data: bytes | None, param: str) -> Picture | None:
    return None if data is None else read_picture(data, param)


def _referred(reference: object, param: str) -> bytes:
    """Give the bytes of a data URL; the sandbox fetches nothing and keeps no files."""
    if not isinstance(reference, dict) or len(reference) != 1:
        raise invalid(param, f"'{param}' needs exactly one of file_id and image_url.")
    url = reference.get("image_url")
    if "file_id" in reference:
        raise invalid(param, "There is no such file.", "image_file_not_found")
    if not isinstance(url, str) or not url.startswith("data:"):
        raise invalid(param, "The image could not be downloaded.", "failed_to_download_image")
    try:
        return base64.b64decode(url.partition(",")[2], validate=True)
    except ValueError as error:
        raise invalid(param, "The data URL is not base64.", "invalid_base64_image") from error


def _check_type(name: str, value: object) -> None:
    expected = _TYPES.get(name)
    if expected is None:
        raise invalid(name, f"Unknown parameter: '{name}'.", "unknown_parameter")
    if type(value) is not expected:
        wanted, got = _JSON_NAMES[expected], _JSON_NAMES.get(type(value), "object")
        message = f"Invalid type for '{name}': expected {wanted}, but got {got} instead."
        raise invalid(name, message, "invalid_type")


def served(name: str) -> ModelSpec:
    """The model as the official service has it today, gone from its last day on."""
    spec = OFFICIAL.spec_of(name)
    if spec and spec.is_available(day.today()):
        return spec
    ended = spec.shuts_down_on if spec else RETIREMENTS["openai"].get(name)
    more = f" It ended on {ended.isoformat()}." if ended else ""
    message = f"The model '{name}' does not exist.{more}"
    raise Faulty(ApiFault(404, message, code="model_not_found", param="model"))
