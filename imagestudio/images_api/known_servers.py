"""Providers by settings: a JSON list, with presets for servers that are well known.

[{"preset": "azure", "name": "azure", "base_url": "https://RES.openai.azure.com/openai/v1",
  "model_names": {"gpt-image-2": "my-deployment"}}]

Their keys come apart from them, by name: {"azure": "..."}.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from types import MappingProxyType
from typing import Any, get_type_hints

from imagestudio.images_api.lifecycle import as_day
from imagestudio.images_api.providers import LIMITS, PARAM_NAMES, Provider, is_official
from imagestudio.images_api.redaction import remember

# LiteLLM hands on in the body what it does not know; a further file and events it has not learnt.
_LITELLM_PARAMS = tuple(sorted(PARAM_NAMES - {"markup", "partial_images", "stream"}))

# Servers of open models, mostly in one's own house.
_OWN_MODELS = {"api_key": "", "has_own_models": True, "retirements": "none"}

# Source: the servers' own documentation and code, read 2026-11-29: LiteLLM 1.110.2, LocalAI of
# August, vLLM-Omni 0.30.0, SGLang 0.5.23. Azure cuts a call that is silent for 122 s.
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "openai": {"base_url": "https://api.openai.com/v1"},
        "sandbox": {
            "api_key": "sandbox",
            "allows_preview_formats": True,
            "has_variations": True,
            "is_direct": True,
        },
        "azure": {"auth": "api-key", "retirements": "azure", "streams_stills": True},
        "azure-deployment": {
            "auth": "api-key",
            "retirements": "azure",
            "streams_stills": True,
            "route": "{base_url}/openai/deployments/{model}/{path}?api-version={api_version}",
            "sends_model": False,
            "can_list_models": False,
        },
        "litellm": {"params": _LITELLM_PARAMS, "can_stream": False, "retirements": "none"},
        "localai": {
            **_OWN_MODELS,
            "params": ("n", "size"),
            "response_format": "b64_json",
            "can_stream": False,
            "can_edit": False,
        },
        "vllm-omni": {
            **_OWN_MODELS,
            "lists_only_images": True,
            "params": ("n", "output_compression", "output_format", "size"),
            "edit_params": ("background", "mask"),
            "response_format": "b64_json",
            "image_field": "image",
            "mask_field": "mask_image",
            "mask_polarity": "white",
            "can_stream": False,
        },
        "sglang": {
            **_OWN_MODELS,
            "lists_only_images": True,
            "params": (
                "background",
                "n",
                "output_compression",
                "output_format",
                "quality",
                "size",
            ),
            "response_format": "b64_json",
            "image_field": "image",
            "can_stream": False,
        },
    }
)

_LISTS = {
    "models": tuple,
    "only_models": tuple,
    "params": frozenset,
    "edit_params": frozenset,
    "url_hosts": tuple,
}
_SWITCHES = frozenset(name for name, kind in get_type_hints(Provider).items() if kind is bool)
_NAMES = frozenset(item.name for item in fields(Provider))
_NEEDED = ("base_url", "api_key")


def providers_of(
    *,
    sandbox_url: str,
    openai_url: str,
    openai_key: str,
    listed: str,
    keys: object,
    limits: Mapping[str, int | None] = MappingProxyType({}),
) -> tuple[Provider, ...]:
    """Give the providers of a studio, the default first; ValueError says what is wrong.

    A list counts alone, with the limits that its entries have. Without one it is the sandbox where
    there is one, else the official service or what stands in for it at `openai_url`.
    """
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        raise ValueError("Provider keys: the setting must be a JSON object of texts.")
    remember((openai_key, *keys.values()))  # Also those that no provider has.
    if listed:
        return parse_providers(listed, {"openai": openai_key} | keys)
    if sandbox_url:
        sandbox = {"name": "sandbox", "preset": "sandbox", "base_url": sandbox_url}
        return (from_json({**sandbox, **limits}),)
    official = {"name": "openai", "api_key": openai_key}
    address = {"base_url": openai_url} if openai_url else {}
    return (from_json({**official, **address, **limits}),)


def parse_providers(text: str, keys: Mapping[str, str] | None = None) -> tuple[Provider, ...]:
    """Read the setting; ValueError names the provider and the field, and never shows a key.

    Without `keys` each provider must bring its own. With them, those who have none are asked about,
    but never called: only the worker knows the keys.
    """
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        # The decoder's own message would drag along the text, keys and all.
        entries = None
    if not isinstance(entries, list):
        raise ValueError("Providers: the setting must be a JSON list of objects.")
    if not entries:
        raise ValueError("Providers: the list is empty.")
    providers = tuple(_provider(entry, number, keys) for number, entry in enumerate(entries, 1))
    names = [provider.name for provider in providers]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"Provider {twice}: name is used twice.")
    return providers


def from_json(entry: Mapping[str, Any]) -> Provider:
    """Make one provider of its settings, on the ground of its preset if it names one."""
    name = str(entry["name"])
    preset = entry.get("preset", "openai")
    if preset not in PRESETS:
        raise ValueError(f"Provider {name}: preset must be one of {', '.join(PRESETS)}.")
    given = {key: value for key, value in entry.items() if key != "preset"}
    if unknown := sorted(given.keys() - _NAMES):
        raise ValueError(f"Provider {name}: there is no field {unknown[0]}.")
    values = {**PRESETS[preset], **given}
    if preset == "openai" and not is_official(str(values["base_url"])):
        # What stands in for the official service may serve its models longer, or shorter.
        values.setdefault("retirements", "none")
    for needed in _NEEDED:
        if needed not in values:
            raise ValueError(f"Provider {name}: {needed} is missing.")
    # What is set up as the official service may be any proxy that uses its words.
    # And who brings an authority of their own may have somebody who looks into TLS.
    at_openai = preset == "openai" and is_official(str(values["base_url"]))
    values.setdefault("is_direct", at_openai and not values.get("ca_file"))
    return Provider(**{key: _value(name, key, value) for key, value in values.items()})


def _provider(entry: object, number: int, keys: Mapping[str, str] | None) -> Provider:
    if not isinstance(entry, dict):
        raise ValueError(f"Provider {number}: it must be a JSON object.")
    if not isinstance(entry.get("name"), str) or not entry["name"].strip():
        raise ValueError(f"Provider {number}: name is missing.")
    if keys is not None and "api_key" not in entry:
        preset = PRESETS.get(str(entry.get("preset", "openai")), {})
        entry = {**entry, "api_key": keys.get(entry["name"], preset.get("api_key", ""))}
    return from_json(entry)


def _value(name: str, key: str, value: Any) -> Any:
    """Check one field's type and bring it into the form that a provider has."""
    if key in _SWITCHES:
        if isinstance(value, bool):
            return value
        raise ValueError(f"Provider {name}: {key} must be true or false.")
    if key == "params" and value is None:
        return PARAM_NAMES
    if key in _LISTS:
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return _LISTS[key](value)
        raise ValueError(f"Provider {name}: {key} must be a list of texts.")
    if key == "model_names":
        if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
            return tuple(value.items())
        raise ValueError(f"Provider {name}: model_names must be an object of texts.")
    if key == "shutdown_dates":
        return tuple(_last_days(name, value))
    if key in LIMITS:
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise ValueError(f"Provider {name}: {key} must be a whole number.")
    if isinstance(value, str) or (value is None and key not in {"base_url", "api_key"}):
        return value
    raise ValueError(f"Provider {name}: {key} must be a text.")


def _last_days(name: str, value: Any) -> Iterator[tuple[str, date | None]]:
    entries = value.items() if isinstance(value, dict) else [("", value)]
    for model, text in entries:
        day = as_day(text)
        if not model or (text is not None and day is None):
            words = "shutdown_dates must be an object of days like 2027-04-07, null for no end."
            raise ValueError(f"Provider {name}: {words}")
        yield model, day
