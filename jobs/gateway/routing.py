"""Which service gets a request: the one that has the model, or the one that is named with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from imagestudio.images_api.capabilities import DEFAULT_MODEL, ModelSpec
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest
from jobs.services import providers

CREATED = 1_793_750_400  # 2026-11-04, the day the newest models came out.


@dataclass(frozen=True, slots=True)
class Offer:
    """A model under the name that programs use: plain, or `service/model` where it is needed."""

    name: str
    provider: Provider
    spec: ModelSpec

    def document(self) -> dict[str, object]:
        ends = self.spec.shuts_down_on
        return {
            "id": self.name,
            "object": "model",
            "created": CREATED,
            "owned_by": self.provider.name,
            "shutdown_date": ends.isoformat() if ends else None,
        }


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
    return next((offer for offer in offers() if offer.name == name), None)


def route(request: ImageRequest) -> tuple[ImageRequest, str]:
    """The request with the model's own name, and the service's name; empty for the first one.

    An unknown model goes to the first service as it is, to be refused in the usual words.
    """
    service, _, model = request.model.partition("/")
    if model and (named := providers.named(service)):
        return replace(request, model=model), named.name
    if not request.model:
        return replace(request, model=_first_model()), ""
    others = providers.every()[1:]
    if others and (offer := find(request.model)):
        return request, offer.provider.name
    return request, ""


def _first_model() -> str:
    first = next(offers(), None)
    return first.spec.name if first else DEFAULT_MODEL
