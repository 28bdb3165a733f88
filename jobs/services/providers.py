"""The services that this studio may call, and what each has to offer today."""

from datetime import UTC, datetime

from django.conf import settings
from django.db.models.functions import Now

from imagestudio.images_api import capabilities
from imagestudio.images_api.capabilities import ListedModel, ModelSpec
from imagestudio.images_api.providers import Provider
from jobs.models import ProviderListing


def every() -> tuple[Provider, ...]:
    providers: tuple[Provider, ...] = settings.PROVIDERS
    return providers


def default() -> Provider:
    return every()[0]


def named(name: str) -> Provider | None:
    """None for a service that was taken out of the settings, or never was in them."""
    return next((provider for provider in every() if provider.name == name), None)


def models(provider: Provider) -> list[ModelSpec]:
    """What can be chosen today, with the dates of the provider's own list."""
    return capabilities.offered(datetime.now(UTC).date(), provider, listed(provider))


def listed(provider: Provider) -> tuple[ListedModel, ...]:
    rows = ProviderListing.objects.filter(provider=provider.name)
    document = rows.values_list("document", flat=True).first()
    return ListedModel.read_list(document)


def keep_listing(provider: Provider, found: tuple[ListedModel, ...]) -> None:
    """Remember what the provider's own list said, in the list's own form."""
    data = [
        {"id": model.name}
        | ({"shutdown_date": model.shuts_down_on.isoformat()} if model.shuts_down_on else {})
        for model in found
    ]
    ProviderListing.objects.update_or_create(
        provider=provider.name, defaults={"document": {"data": data}, "asked_at": Now()}
    )
