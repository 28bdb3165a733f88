"""The OpenAPI document of /v1, made of the tables that routes and fields are read from."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jobs.gateway.api.calls import ApiCall
from jobs.gateway.api.replies import ApiResponse
from jobs.gateway.api.routes import ROUTES, Route
from jobs.gateway.api.work import FORM, JSON
from jobs.gateway.openapi.schemas import Schema, components, ref
from jobs.states import Visibility

PATH = "/v1/openapi.json"

# What each endpoint takes, and what it gives with 200.
_BODIES = {
    "/v1/images/generations": {JSON: "GenerationRequest"},
    "/v1/images/edits": {FORM: "EditForm", JSON: "EditRequest"},
    "/v1/images/variations": {FORM: "VariationForm"},
}
_ANSWERS = {
    "/v1/models": "ModelList",
    "/v1/models/{model}": "Model",
    "/v1/studio/images": "StudioImageList",
    "/v1/studio/jobs/{job}": "StudioJob",
    "/v1/studio/jobs/{job}/cancel": "StudioJob",
}

# Why an answer has this status, in the words of the docs page too.
MEANINGS: dict[int, str] = {
    200: "As the provider answers.",
    202: "The job was accepted; its pictures come later (`Prefer: respond-async`).",
    400: "The request is wrong, or was refused for safety. `param` names the field.",
    401: "No key, or none that works.",
    403: "The key may not do this, or not from this address.",
    404: "There is no such model, job or address.",
    405: "The address takes another method.",
    408: "The body came too slowly.",
    409: "The job was called off, or has ended already.",
    413: "More than the studio takes at once.",
    415: "The body is of another kind than the endpoint reads.",
    422: "The Idempotency-Key was used for another request.",
    429: "Too many requests, or too many jobs that wait. `retry-after` says when to come back.",
    500: "The studio's own fault.",
    502: "The provider failed, or answered without a picture.",
    503: "The studio is starting, stopping, or can't use its account at the provider.",
    504: "The outcome is unknown, or the job goes on. It may be billed; nothing is sent again.",
}
_ALWAYS = (400, 401, 403, 404, 405, 413, 429, 500, 503)
_OF_WORK = (202, 408, 409, 415, 422, 502, 504)
RESPONSE_HEADERS = {
    "x-request-id": "Name it when something is to be looked up.",
    "x-studio-job-id": "The job, before the first byte of the body.",
    "x-studio-estimate-microusd": "The high end of the estimate, in millionths of a dollar.",
    "x-studio-cost-microusd": "What it cost.",
    "x-studio-page": "The job's page.",
    "x-studio-model": "The model that draws it: of one that is gone, the successor.",
    "x-studio-adapted": "What was written for a model that is gone, as its successor is told it.",
}
REQUEST_HEADERS = {
    "Idempotency-Key": "The same key with the same body gives the same answer for 24 hours.",
    "Prefer": "`respond-async` answers 202 at once; `respond-async, wait=20` after 20 seconds.",
    "X-Studio-Cancel-On-Disconnect": "`true`: who hangs up calls the job off.",
    "X-Studio-Visibility": "`private` or `team`: who sees the pictures in the studio.",
}


_HEADER_RULES: dict[str, Schema] = {
    "Idempotency-Key": {"minLength": 1, "maxLength": 255},
    "Prefer": {},
    "X-Studio-Cancel-On-Disconnect": {"enum": ["true", "false"]},
    "X-Studio-Visibility": {"enum": [each.value for each in Visibility]},
}


def is_asked(call: ApiCall) -> bool:
    return call.path == PATH and call.method in ("GET", "HEAD")


def answer(call: ApiCall) -> ApiResponse:
    return ApiResponse({**document(), "servers": [{"url": f"{call.origin}/v1"}]})


@cache
def document() -> Schema:
    paths: dict[str, Schema] = {}
    for route in ROUTES:
        path = route.path.removeprefix("/v1")
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Image Studio",
            "version": "1",
            "description": (
                "The OpenAI Images API as this studio serves it. Each call is a job. Clients made"
                " for Azure find it under /openai/v1 and /openai/deployments/{model} too."
            ),
        },
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": components(),
        },
    }


def _operation(route: Route) -> Schema:
    operation: Schema = {
        "operationId": f"{route.handle.__module__.rpartition('.')[2]}_{route.handle.__name__}",
        "summary": route.summary,
        "tags": ["Studio" if route.path.startswith("/v1/studio") else "OpenAI"],
        "x-scope": route.scope.value,
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if bodies := _BODIES.get(route.path):
        content = {kind: {"schema": ref(name)} for kind, name in bodies.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(route: Route) -> list[Schema]:
    found = [
        _parameter(name, "path", {"type": "string", "minLength": 1})
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    if route.path in _BODIES:
        found += [
            _parameter(name, "header", {"type": "string", **_HEADER_RULES[name]}, about)
            for name, about in REQUEST_HEADERS.items()
        ]
    if route.path == "/v1/studio/images":
        found.append(
            _parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": 100})
        )
        found.append(_parameter("after", "query", {"type": "string", "format": "uuid"}))
    if route.path.endswith("/result"):
        formats = {"type": "string", "enum": ["b64_json", "url"]}
        found.append(_parameter("response_format", "query", formats))
    return found


def _parameter(name: str, place: str, schema: Schema, about: str = "") -> Schema:
    parameter: Schema = {"name": name, "in": place, "schema": schema}
    if place == "path":
        parameter["required"] = True
    return parameter | ({"description": about} if about else {})


def _responses(route: Route) -> Schema:
    has_work = route.path in _BODIES or route.path.endswith(("/result", "/cancel"))
    statuses = sorted({*_ALWAYS, *(_OF_WORK if has_work else ())})
    faults = {str(status): _response(status, JSON, "ErrorEnvelope") for status in statuses}
    if "202" in faults:
        faults["202"] = _response(202, JSON, "StudioJob")
    good = _response(200, JSON, _ANSWERS.get(route.path, "ImagesResponse"))
    if route.path in ("/v1/images/generations", "/v1/images/edits"):
        good["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    if has_work:
        good["headers"] = {
            name: {"description": about, "schema": {"type": "string"}}
            for name, about in RESPONSE_HEADERS.items()
        }
    return {"200": good, **faults}


def _response(status: int, kind: str, schema: str) -> dict[str, Any]:
    content = {kind: {"schema": ref(schema)}}
    return {"description": MEANINGS[status], "content": content}
