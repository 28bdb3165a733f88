"""Names and words that programs still use though the models that knew them are gone.

Each retired name is answered by its successor, unless a service of this studio serves the old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from imagestudio.images_api.capabilities import DEFAULT_MODEL, OPTION_LABELS
from imagestudio.images_api.modelspec import ModelSpec
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.sizes import AUTO, nearest_size
from imagestudio.images_api.types import ImageRequest

# What quality was called, and what comes nearest to it in work and price.
QUALITIES: Mapping[str, str] = MappingProxyType({"standard": "medium", "hd": "high"})
# No model of today has a switch for it, but each of them reads.
STYLES: Mapping[str, str] = MappingProxyType(
    {
        "vivid": "Style: vivid, hyper-real and dramatic.",
        "natural": "Style: natural, true to life, nothing exaggerated.",
    }
)
# `auto` is a value of each of them; a format is never changed behind anybody's back.
CHOICES = tuple(param for param in OPTION_LABELS if param != "output_format")
OLD_SIZES = ("256x256", "512x512", "1024x1024", "1792x1024", "1024x1792")


@dataclass(frozen=True, slots=True)
class Retired:
    """A name that is answered by another model, and why by that one."""

    name: str
    successor: str
    reason: str
    gives_url: bool = False  # Its answers held addresses, unless base64 was asked for.


RETIRED: Mapping[str, Retired] = MappingProxyType(
    {
        each.name: each
        for each in (
            Retired(
                "dall-e-2",
                DEFAULT_MODEL,
                "It ended on 2026-05-12; Flare is the fast one for everything, as it was.",
                gives_url=True,
            ),
            Retired(
                "dall-e-3",
                DEFAULT_MODEL,
                "It ended on 2026-05-12; Flare draws what it drew, and takes its wide sizes.",
                gives_url=True,
            ),
            Retired("gpt-image-1", DEFAULT_MODEL, "It ended on 2026-10-23; its maker names Flare."),
            Retired("gpt-image-1.5", DEFAULT_MODEL, "Where it has ended, its maker names Flare."),
            Retired(
                "gpt-image-1-mini", DEFAULT_MODEL, "Where it has ended: the fast one of today."
            ),
            Retired(
                "chatgpt-image-latest", DEFAULT_MODEL, "Where it has ended: its maker names it."
            ),
        )
    }
)


def retired_names(setting: object) -> Mapping[str, Retired]:
    """The table as the settings want it: names added or led elsewhere, null for none, or false."""
    if setting is False:
        return {}
    if not isinstance(setting, dict) or not all(
        isinstance(name, str) and (value is None or (isinstance(value, str) and value))
        for name, value in setting.items()
    ):
        raise ValueError("Model aliases: the setting is false, or an object of names and names.")
    chosen = {name: _led(name, model) for name, model in setting.items() if model}
    both = {**RETIRED, **chosen}
    return {name: each for name, each in both.items() if setting.get(name, name)}


def in_words_of_today(
    request: ImageRequest, style: str | None, spec: ModelSpec, provider: Provider
) -> ImageRequest:
    """Say what the old words meant in those that the model reads."""
    said = replace(request, quality=QUALITIES.get(request.quality, request.quality))
    if said.size in OLD_SIZES:
        said = replace(said, size=_size(said.size, spec, provider))
    if style is None:
        return said
    hinted = f"{said.prompt}\n\n{STYLES[style]}"
    return replace(said, prompt=hinted) if len(hinted) <= spec.max_prompt_chars else said


def without_unknown(request: ImageRequest, spec: ModelSpec, provider: Provider) -> ImageRequest:
    """Leave to a successor what only the model before it could be told."""
    unknown: dict[str, Any] = {
        param: "auto" for param in CHOICES if not _is_known(param, request, spec, provider)
    }
    return replace(request, **unknown)


def _led(name: str, model: str) -> Retired:
    known = RETIRED.get(name, Retired(name, model, ""))
    return replace(known, successor=model, reason="The studio's settings say so.")


def _size(size: str, spec: ModelSpec, provider: Provider) -> str:
    return nearest_size(spec.sizes, size) if "size" in provider.params else AUTO


def _is_known(param: str, request: ImageRequest, spec: ModelSpec, provider: Provider) -> bool:
    value = getattr(request, param)
    if value not in OPTION_LABELS[param]:
        return True  # No word of any model, old or new: it is refused as such.
    return value == "auto" or (param in provider.params and spec.problem_with(param, value) is None)
