"""The gateway's page for readers, made of the same tables as its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.gateway.api.fields import EDIT, GENERATION, JSON_NAMES, VARIATION, Field
from jobs.gateway.api.routes import ROUTES, Route
from jobs.gateway.openapi import document

_GENERATIONS = "/v1/images/generations"
Name = TypeVar("Name", str, int)


@dataclass(frozen=True, slots=True)
class ParameterView:
    name: str
    kind: str
    about: str
    values: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class EndpointView:
    method: str
    path: str
    summary: str
    scope: str
    fields: tuple[ParameterView, ...]
    is_like: str = ""  # The endpoint whose fields it takes too.


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    origin = settings.ORIGIN or f"{request.scheme}://{request.get_host()}"
    context = {
        "heading": "Gateway",
        "base_url": f"{origin}/v1",
        "openapi_url": document.PATH,
        "endpoints": [_endpoint(route) for route in ROUTES],
        "retired": list(settings.GATEWAY_MODEL_ALIASES.values()),
        "request_headers": _all_plain(document.REQUEST_HEADERS),
        "response_headers": _all_plain(document.RESPONSE_HEADERS),
        "meanings": _all_plain(document.MEANINGS),
    }
    response = render(request, "jobs/gateway_docs.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _endpoint(route: Route) -> EndpointView:
    known = {
        _GENERATIONS: GENERATION,
        "/v1/images/edits": tuple(each for each in EDIT if each not in GENERATION),
        "/v1/images/variations": VARIATION,
    }
    return EndpointView(
        route.method,
        route.path,
        route.summary,
        f"{route.scope.value}, or the job is its own" if route.is_for_own else route.scope.value,
        tuple(_fields(known.get(route.path, ()))),
        is_like=_GENERATIONS if route.path == "/v1/images/edits" else "",
    )


def _fields(fields: tuple[Field, ...]) -> Iterator[ParameterView]:
    for each in fields:
        yield ParameterView(
            each.name,
            JSON_NAMES[each.kind],
            _plain(each.about),
            _values(each),
            each.is_required,
        )


def _all_plain(words: Mapping[Name, str]) -> list[tuple[Name, str]]:
    return [(name, _plain(text)) for name, text in words.items()]


def _plain(text: str) -> str:
    """The tables are written for OpenAPI readers, which show Markdown."""
    return text.replace("`", "")


def _values(each: Field) -> str:
    rules = each.rules
    if isinstance(values := rules.get("enum"), tuple):
        return ", ".join(values)
    if "minimum" in rules:
        return f"{rules['minimum']} to {rules['maximum']:,}"
    if "maxLength" in rules:
        return f"up to {rules['maxLength']:,} characters"
    return ""
