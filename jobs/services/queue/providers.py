"""The services that this studio may call, and what each has to offer today."""

from django.conf import settings
from django.db.models.functions import Now

from imagestudio.images_api.capabilities import Catalogue, ListedModel, ModelSpec, Problem
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest
from jobs.models import ProviderListing


def every() -> tuple[Provider, ...]:
    providers: tuple[Provider, ...] = settings.PROVIDERS
    return providers


def default() -> Provider:
    return every()[0]


def named(name: str) -> Provider | None:
    """None for a service that was taken out of the settings, or never was in them."""
    return next((provider for provider in every() if provider.name == name), None)


def catalogue(provider: Provider) -> Catalogue:
    """What it has to offer today, by the table, its settings and what its own list said last."""
    return Catalogue(provider, listed(provider))


def models(provider: Provider) -> list[ModelSpec]:
    return catalogue(provider).offered()


def problems(request: ImageRequest, provider: Provider) -> list[Problem]:
    return catalogue(provider).problems(request)


def listed(provider: Provider) -> tuple[ListedModel, ...]:
    rows = ProviderListing.objects.filter(provider=provider.name)
    document = rows.values_list("document", flat=True).first()
    return ListedModel.read_list(document)


def keep_listing(provider: Provider, found: tuple[ListedModel, ...]) -> None:
    """Remember what the provider's own list said, in the list's own form."""
    ProviderListing.objects.update_or_create(
        provider=provider.name,
        defaults={"document": ListedModel.write_list(found), "asked_at": Now()},
    )
