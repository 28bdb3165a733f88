"""The shapes of what /v1 takes and gives, as JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jobs.gateway.api.fields import EDIT, GENERATION, VARIATION, Field
from jobs.states import State, Visibility

Schema = dict[str, Any]
_FILE: Schema = {"type": "string", "format": "binary"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def components() -> dict[str, Schema]:
    return {
        "GenerationRequest": _request(GENERATION),
        "EditForm": _form(EDIT, layers=True),
        "EditRequest": _edit_request(),
        "VariationForm": _form(VARIATION, layers=False),
        **_ANSWERS,
    }


def _request(fields: Iterable[Field]) -> Schema:
    known = tuple(fields)
    return {
        "type": "object",
        "required": [each.name for each in known if each.is_required],
        "additionalProperties": False,
        "properties": {each.name: each.schema for each in known},
    }


def _edit_request() -> Schema:
    schema = _request(EDIT)
    schema["required"] = ["images", *schema["required"]]
    schema["properties"] |= {
        "images": {"type": "array", "minItems": 1, "maxItems": 16, "items": ref("ImageReference")},
        "mask": ref("ImageReference"),
        "markup": ref("ImageReference"),
    }
    return schema


def _form(fields: Iterable[Field], *, layers: bool) -> Schema:
    """A form spells numbers and booleans as text, and nested values with brackets."""
    properties = {each.name: _in_form(each) for each in fields if each.kind is not dict}
    if layers:
        properties |= {
            "svg[model]": {"type": "string", "maxLength": 100},  # Empty is absent in a form.
            "svg[reasoning][effort]": {"type": "string"},
            "mask": _FILE,
            "markup": _FILE,
        }
    pictures = {"image": _FILE, "image[]": {"type": "array", "items": _FILE, "maxItems": 16}}
    return {
        "type": "object",
        "required": [each.name for each in fields if each.is_required],
        "anyOf": [{"required": ["image"]}, {"required": ["image[]"]}],
        "properties": {**properties, **pictures},
    }


def _in_form(each: Field) -> Schema:
    schema = dict(each.schema)
    if isinstance(kinds := schema["type"], list):
        schema["type"] = kinds[0]
    if isinstance(values := schema.get("enum"), list):
        schema["enum"] = [value for value in values if value is not None]
    return schema


def _object(required: Iterable[str], **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_MAYBE_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
_TOKENS = _object(["text_tokens", "image_tokens"], text_tokens=_COUNT, image_tokens=_COUNT)
_EVENT = {
    "type": _TEXT,
    "b64_json": _TEXT,
    "created_at": _COUNT,
    "size": _TEXT,
    "quality": _TEXT,
    "background": _TEXT,
    "output_format": _TEXT,
}

_ANSWERS: dict[str, Schema] = {
    "ImageReference": {
        "description": (
            "A data URL, the id of a picture in the studio, or its signed address. Where the"
            " service reads them itself, a public https address or the id of a file there."
        ),
        "anyOf": [
            _TEXT,
            _object(["file_id"], file_id=_TEXT, image_url={"type": "null"}),
            _object(
                ["image_url"],
                image_url={"anyOf": [_TEXT, _object(["url"], url=_TEXT)]},
                file_id={"type": "null"},
            ),
        ],
    },
    "ImagesResponse": _object(
        ["created", "data"],
        created=_COUNT,
        data={"type": "array", "items": ref("Picture")},
        background=_TEXT,
        output_format=_TEXT,
        quality=_TEXT,
        size=_TEXT,
        safety_identifier=_TEXT,
        usage=ref("Usage"),
        svg_usage={"type": "object"},
    ),
    "Picture": {
        **_object([], b64_json=_TEXT, url=_TEXT, revised_prompt=_TEXT),
        "anyOf": [{"required": ["b64_json"]}, {"required": ["url"]}],
    },
    "Usage": _object(
        ["input_tokens", "output_tokens"],
        input_tokens=_COUNT,
        input_tokens_details=_TOKENS,
        output_tokens=_COUNT,
        output_tokens_details=_TOKENS,
        total_tokens=_COUNT,
    ),
    "StreamEvent": {
        "description": "What a `data:` line of a streamed answer holds.",
        **_object(
            _EVENT,
            **_EVENT,
            partial_image_index=_COUNT,
            usage=ref("Usage"),
            safety_identifier=_TEXT,
        ),
    },
    "Model": _object(
        ["id", "object", "created", "owned_by"],
        id=_TEXT,
        object={"const": "model"},
        created=_COUNT,
        owned_by=_TEXT,
        shutdown_date=_MAYBE_TEXT,
        answered_by=_TEXT,
    ),
    "ModelList": _object(
        ["object", "data"],
        object={"const": "list"},
        data={"type": "array", "items": ref("Model")},
    ),
    "StudioImage": _object(
        ["id", "object", "job_id", "url"],
        id={"type": "string", "format": "uuid"},
        object={"const": "studio.image"},
        job_id={"type": "string", "format": "uuid"},
        created_at=_COUNT,
        width=_COUNT,
        height=_COUNT,
        format=_TEXT,
        bytes=_COUNT,
        sha256=_TEXT,
        url=_TEXT,
    ),
    "StudioImageList": _object(
        ["object", "data", "has_more"],
        object={"const": "list"},
        data={"type": "array", "items": ref("StudioImage")},
        first_id=_MAYBE_TEXT,
        last_id=_MAYBE_TEXT,
        has_more={"type": "boolean"},
    ),
    "StudioJob": _object(
        ["id", "object", "status"],
        id={"type": "string", "format": "uuid"},
        object={"const": "studio.job"},
        status={"type": "string", "enum": [state.value for state in State]},
        source=_TEXT,
        operation=_TEXT,
        provider=_TEXT,
        model=_TEXT,
        prompt=_TEXT,
        n=_COUNT,
        parameters={"type": "object"},
        asked={"type": ["object", "null"]},
        visibility={"type": "string", "enum": [each.value for each in Visibility]},
        created_at=_COUNT,
        started_at=_MAYBE_COUNT,
        finished_at=_MAYBE_COUNT,
        estimate_microusd=_MAYBE_COUNT,
        cost_microusd=_MAYBE_COUNT,
        may_be_billed={"type": "boolean"},
        error={"oneOf": [ref("Error"), {"type": "null"}]},
        images={"type": "array", "items": ref("StudioImage")},
        result_url=_TEXT,
        page_url=_TEXT,
    ),
    "Error": _object(
        ["message", "type", "param", "code"],
        message=_TEXT,
        type=_TEXT,
        param=_MAYBE_TEXT,
        code=_MAYBE_TEXT,
        moderation_details={"type": "object"},
    ),
    "ErrorEnvelope": _object(["error"], error=ref("Error")),
}
