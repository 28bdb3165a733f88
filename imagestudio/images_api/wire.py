"""A request in the words of the Images API: only what differs from the API's own defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imagestudio.images_api.blank import is_blank
from imagestudio.images_api.params import PARAMS
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.rules import is_chosen
from imagestudio.images_api.types import ImageRequest, SvgAuthor

VARIATION_PROMPT = (
    "Make a variation of this picture: keep its subject, style, colours and mood, and give it "
    "another composition and other details."
)
# Pictures are no fields: they travel beside them. Whether to stream is the provider's to say too.
_FIELDS = tuple(name for name in PARAMS if name != "stream")
_FIELDS_OF_VARIATION = tuple(
    name for name, param in PARAMS.items() if "variations" in param.endpoints
)


def fields_of(request: ImageRequest, provider: Provider) -> dict[str, object]:
    """Give the fields of a generation or an edit; what the provider does not know stays out."""
    request = provider.as_sent(request)
    prompt = VARIATION_PROMPT if is_blank(request.prompt) else request.prompt
    fields = _named(request, provider) | {"prompt": prompt}
    fields |= _chosen(request, provider, _FIELDS)
    if request.is_streamed and provider.can_stream:
        fields["stream"] = True
    return fields


def variation_fields(request: ImageRequest, provider: Provider) -> dict[str, object]:
    """Give the fields of a native variation, which knows neither prompt nor quality."""
    return _named(request, provider) | _chosen(request, provider, _FIELDS_OF_VARIATION)


def form_fields(fields: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Spell fields as the text parts of a form; nested ones get names with brackets."""
    for name, value in fields.items():
        if isinstance(value, Mapping):
            nested = {f"{name}[{inner}]": item for inner, item in value.items()}
            yield from form_fields(nested)
        elif isinstance(value, bool):
            yield name, str(value).lower()
        else:
            yield name, str(value)


def _named(request: ImageRequest, provider: Provider) -> dict[str, object]:
    fields: dict[str, object] = {}
    if provider.sends_model:
        fields["model"] = provider.model_name(request.model)
    # GPT models refuse this field, so only servers that want it are sent it.
    if provider.response_format:
        fields["response_format"] = provider.response_format
    return fields


def _chosen(request: ImageRequest, provider: Provider, names: tuple[str, ...]) -> dict[str, object]:
    return {
        name: _spelled(getattr(request, name))
        for name in names
        if provider.knows(name, request.operation) and is_chosen(request, name)
    }


def _spelled(value: object) -> object:
    if not isinstance(value, SvgAuthor):
        return value
    effort = {"reasoning": {"effort": value.effort}} if value.effort else {}
    return {"model": value.model, **effort}
