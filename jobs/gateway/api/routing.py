"""Routing of requests to a service and a model: those that are named, or who stands in for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.conf import settings

from imagestudio.images_api import aliases, day
from imagestudio.images_api.capabilities import DEFAULT_MODEL, ModelSpec
from imagestudio.images_api.lifecycle import RETIREMENTS
from imagestudio.images_api.models import created_of
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest
from jobs.gateway.api.errors import invalid
from jobs.gateway.api.parsing import ParsedRequest
from jobs.services.queue import providers


@dataclass(frozen=True, slots=True)
class Offer:
    """A model under the name that programs use: plain, or `service/model` where it is needed."""

    name: str
    provider: Provider
    spec: ModelSpec
    stands_in: bool = False  # The name is another model's, which is gone.

    def document(self) -> dict[str, object]:
        retired = RETIREMENTS["openai"].get(self.name) if self.stands_in else None
        ends = retired or self.spec.shuts_down_on
        known: dict[str, object] = {
            "id": self.name,
            "object": "model",
            "created": created_of(self.name) if self.stands_in else self.spec.created,
            "owned_by": self.provider.name,
            "shutdown_date": ends.isoformat() if ends else None,
        }
        return known | ({"answered_by": self.spec.name} if self.stands_in else {})


@dataclass(frozen=True, slots=True)
class Routed:
    """A request on its way to a service."""

    request: ImageRequest
    as_written: ImageRequest
    provider: str  # Empty for the first one.
    answers: str  # "b64_json", "url" or "both".
    written: Mapping[str, str]  # By its program, where that became something else.


def offers() -> Iterator[Offer]:
    """All models of all services; the first service has the plain names."""
    seen: set[str] = set()
    for provider in providers.every():
        for spec in providers.models(provider):
            is_taken = spec.name in seen
            seen.add(spec.name)
            name = f"{provider.name}/{spec.name}" if is_taken else spec.name
            yield Offer(name, provider, spec)


def find(name: str) -> Offer | None:
    """A model by any name that a request may have: an offer's, a snapshot's, a retired one's."""
    return _own(name) or _retired(name)


def route(parsed: ParsedRequest) -> Routed:
    """Choose the service, and say the request in the words of the model that will draw it.

    An unknown model goes to the first service as it is, to be refused in the usual words.
    """
    written = parsed.request
    request, service = _of_service(written)
    successor = _successor(request, service)
    if successor is not None:
        request, service = replace(request, model=successor.spec.name), successor.provider.name
    if successor is not None or not written.model or written.operation == "vary":
        request = _said_today(request, parsed.style, service, is_successor=successor is not None)
    elif parsed.style is not None:
        message = f"{written.model[:60]} has no style. Say it in the prompt."
        raise invalid("style", message, "unknown_parameter")
    answers = parsed.response_format or answers_to(written.model)
    return Routed(request, written, service, answers, _changes(written, request, parsed.style))


def answers_to(model: str) -> str:
    """How pictures are given to those who did not say: as the model's own service gave them.

    Who names no model may be as old as the addresses or as new as the base64, so they get both.
    """
    retired = settings.GATEWAY_MODEL_ALIASES.get(model)
    if retired is not None and retired.gives_url:
        return "url"
    return "b64_json" if model else "both"


def _of_service(request: ImageRequest) -> tuple[ImageRequest, str]:
    """The request with the model's own name, and the service's name; empty for the first one."""
    service, _, model = request.model.partition("/")
    if model and (named := providers.named(service)):
        return replace(request, model=model), named.name
    if not request.model:
        return replace(request, model=_first_model()), ""
    others = providers.every()[1:]
    if others and (offer := _own(request.model)):
        return request, offer.provider.name
    return request, ""


def _successor(request: ImageRequest, service: str) -> Offer | None:
    """Who answers for a model that is gone; nobody, where a service has it still."""
    retired = settings.GATEWAY_MODEL_ALIASES.get(request.model)
    if retired is None or _serves(_service(service), request):
        return None
    same = (each for each in offers() if each.spec.name == retired.successor)
    return next((each for each in same if service in ("", each.provider.name)), None)


def _said_today(
    request: ImageRequest, style: str | None, service: str, *, is_successor: bool
) -> ImageRequest:
    provider = _service(service)
    spec = providers.catalogue(provider).spec_of(request.model)
    if spec is None:
        return request
    request = aliases.in_words_of_today(request, style, spec, provider)
    return aliases.without_unknown(request, spec, provider) if is_successor else request


def _changes(written: ImageRequest, request: ImageRequest, style: str | None) -> dict[str, str]:
    pairs = {name: getattr(written, name) for name in ("model", "size", *aliases.CHOICES)}
    changed = {name: text for name, text in pairs.items() if getattr(request, name) != text}
    return changed | ({"style": style} if style else {})


def _service(name: str) -> Provider:
    return providers.named(name) or providers.default()


def _serves(provider: Provider, request: ImageRequest) -> bool:
    found = providers.problems(request, provider)
    return not any(each.param == "model" for each in found)


def _own(name: str) -> Offer | None:
    return next((offer for offer in offers() if offer.name == name), None) or _by_name(name)


def _by_name(name: str) -> Offer | None:
    """A dated snapshot, or what else a service lists and no menu shows."""
    for provider in providers.every():
        model, catalogue = name.removeprefix(f"{provider.name}/"), providers.catalogue(provider)
        spec = catalogue.spec_of(model)
        if spec and (spec.snapshot_of or catalogue.names(model)) and spec.is_available(day.today()):
            return Offer(name, provider, spec)
    return None


def _retired(name: str) -> Offer | None:
    found = _successor(ImageRequest(model=name, prompt=""), "")
    return replace(found, name=name, stands_in=True) if found else None


def _first_model() -> str:
    first = next(offers(), None)
    return first.spec.name if first else DEFAULT_MODEL
