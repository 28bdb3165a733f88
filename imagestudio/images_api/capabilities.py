"""The models of the Images API as data: form, gateway, verbs and browser read this one table.

Source: OpenAI's reference and model pages and the Python SDK 3.54.0, read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from imagestudio.images_api.frames import FrameRule
from imagestudio.images_api.inputs import InputRule
from imagestudio.images_api.lifecycle import ListedModel, merged
from imagestudio.images_api.modelspec import OPTION_LABELS, ModelSpec
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.rules import Problem
from imagestudio.images_api.sizes import FixedSizes, FreeSizes, SizePreset, parse_size
from imagestudio.images_api.types import ImageRequest

__all__ = [
    "DEFAULT_MODEL",
    "GONE",
    "MODELS",
    "OPTION_LABELS",
    "GoneModel",
    "ListedModel",
    "ModelSpec",
    "Problem",
    "offered",
    "parse_size",
    "problems",
    "spec_of",
]

DEFAULT_MODEL = "gpt-image-2.6-flare"

_CHECKED_ON = date(2026, 11, 22)
_END_OF_THE_ONES = date(2026, 12, 1)

_SQUARE = SizePreset("1024x1024", "Square", "1:1")
_LANDSCAPE = SizePreset("1536x1024", "Landscape", "3:2")
_PORTRAIT = SizePreset("1024x1536", "Portrait", "2:3")

_THREE_SIZES = FixedSizes(presets=(_SQUARE, _LANDSCAPE, _PORTRAIT))
_ANY_SIZE = FreeSizes(
    presets=(
        _SQUARE,
        _LANDSCAPE,
        _PORTRAIT,
        SizePreset("2048x1152", "Wide", "16:9"),
        SizePreset("1152x2048", "Tall", "9:16"),
        SizePreset("2048x2048", "Large square", "1:1"),
        SizePreset("2560x1440", "Large wide", "16:9"),
        SizePreset("3840x2160", "4K", "16:9"),
    )
)

# What open models commonly draw; their servers round or refuse as they like.
_SOME_SIZE = FreeSizes(
    presets=(SizePreset("512x512", "Small square", "1:1"), _SQUARE),
    step=8,
    max_ratio=4,
    max_edge=4096,
    min_pixels=256 * 256,
    max_pixels=4096 * 4096,
    experimental_above_pixels=2048 * 2048,
)

_THREE_QUALITIES = ("auto", "low", "medium", "high")
_FIVE_QUALITIES = (*_THREE_QUALITIES, "xhigh", "max")
_PIXEL_FORMATS = ("png", "webp", "jpeg")

_FRAMES = FrameRule(sheet=_ANY_SIZE)
_WITH_MARKUP = InputRule(takes_markup=True)

_V2_6_FLARE = ModelSpec(
    name="gpt-image-2.6-flare",
    label="GPT Image 2.6 Flare",
    summary="Fast, and good at nearly everything. Start here.",
    sizes=_ANY_SIZE,
    qualities=_FIVE_QUALITIES,
    formats=(*_PIXEL_FORMATS, "gif", "svg"),
    needs_access=("gif", "svg"),
    complexities=("auto", "low", "medium", "high"),
    inputs=_WITH_MARKUP,
    frames=_FRAMES,
    source="developers.openai.com/api/docs/models, SDK 3.54.0",
    checked_on=_CHECKED_ON,
)
_V2_6_SUNBURST = replace(
    _V2_6_FLARE,
    name="gpt-image-2.6-sunburst",
    label="GPT Image 2.6 Sunburst",
    summary="Slower, with the finest detail and the steadiest hand.",
)
_V2_5_FLARE = replace(
    _V2_6_FLARE,
    name="gpt-image-2.5-flare",
    label="GPT Image 2.5 Flare",
    summary="The fast one of the last generation; low and medium cost less.",
    formats=_PIXEL_FORMATS,
    needs_access=(),
    complexities=("auto",),
    frames=None,
    source="SDK 3.54.0",
)
_V2_5_SUNBURST = replace(
    _V2_5_FLARE,
    name="gpt-image-2.5-sunburst",
    label="GPT Image 2.5 Sunburst",
    summary="The detailed one of the last generation; low and medium cost less.",
)
_V2 = replace(
    _V2_5_FLARE,
    name="gpt-image-2",
    label="GPT Image 2",
    summary="The older model, for looks that were made with it.",
    qualities=_THREE_QUALITIES,
    inputs=InputRule(),
    source="developers.openai.com/api/docs/models/gpt-image-2.md, SDK 3.54.0",
)
_V1_5 = replace(
    _V2,
    name="gpt-image-1.5",
    label="GPT Image 1.5",
    summary="The first generation, in three sizes.",
    sizes=_THREE_SIZES,
    fidelities=("auto", "low", "high"),
    shuts_down_on=_END_OF_THE_ONES,
    replacement=DEFAULT_MODEL,
    source="developers.openai.com/api/docs/deprecations, SDK 3.54.0",
)
_V1_MINI = replace(
    _V1_5,
    name="gpt-image-1-mini",
    label="GPT Image 1 Mini",
    summary="The cheapest of the first generation, in three sizes.",
    fidelities=("auto", "low"),
)
_CHATGPT = replace(
    _V1_5,
    name="chatgpt-image-latest",
    label="ChatGPT Image",
    summary="What ChatGPT drew with, in three sizes.",
    fidelities=("auto",),
)


def _snapshot(spec: ModelSpec, day: str) -> ModelSpec:
    return replace(
        spec, name=f"{spec.name}-{day}", label=f"{spec.label} ({day})", snapshot_of=spec.name
    )


# In the order in which they are offered.
MODELS: Mapping[str, ModelSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            _V2_6_FLARE,
            _V2_6_SUNBURST,
            _V2_5_FLARE,
            _V2_5_SUNBURST,
            _V2,
            _V1_5,
            _V1_MINI,
            _CHATGPT,
            _snapshot(_V2_5_FLARE, "2026-09-08"),
            _snapshot(_V2_5_SUNBURST, "2026-09-08"),
            _snapshot(_V2, "2026-04-21"),
            _snapshot(_V1_5, "2025-12-16"),
        )
    }
)


@dataclass(frozen=True, slots=True)
class GoneModel:
    """A model that people still ask for by name."""

    name: str
    ended_on: date
    replacement: str = DEFAULT_MODEL

    @property
    def message(self) -> str:
        return f"{self.name} ended on {self.ended_on.isoformat()}. Use {self.replacement} instead."


GONE: Mapping[str, GoneModel] = MappingProxyType(
    {
        "gpt-image-1": GoneModel("gpt-image-1", date(2026, 10, 23)),
        "dall-e-3": GoneModel("dall-e-3", date(2026, 5, 12)),
        "dall-e-2": GoneModel("dall-e-2", date(2026, 5, 12)),
    }
)


def spec_of(model: str, provider: Provider | None = None) -> ModelSpec | None:
    """Give what is known of a model; what a provider serves besides is taken at its word."""
    if spec := MODELS.get(model):
        return spec
    return _compatible(model) if provider and model in provider.models else None


def offered(
    today: date, provider: Provider | None = None, listed: Iterable[ListedModel] = ()
) -> list[ModelSpec]:
    """Give the models to choose from, the default first; dated snapshots go by name only.

    `listed` is what the provider's own list says, which knows shutdown dates before we do.
    """
    if provider and provider.models:
        specs = [spec for name in provider.models if (spec := spec_of(name, provider))]
    else:
        specs = [spec for spec in MODELS.values() if spec.snapshot_of is None]
    return [spec for spec in merged(specs, listed) if spec.is_available(today)]


def problems(
    request: ImageRequest, today: date | None = None, provider: Provider | None = None
) -> list[Problem]:
    """Say what is wrong with a request to any model, known, gone or never heard of.

    Without a provider nothing is offered that only some accounts or servers have.
    """
    if provider and provider.models and request.model not in provider.models:
        served = ", ".join(provider.models)
        return [Problem("model", f"{provider.name} serves {served}, not {request.model[:60]}.")]
    if spec := spec_of(request.model, provider):
        previews = provider is not None and provider.allows_preview_formats
        found = spec.problems(request, today, allows_previews=previews)
        return [*found, *(provider.problems(request) if provider else ())]
    if gone := GONE.get(request.model):
        return [Problem("model", gone.message)]
    return [Problem("model", f"There is no model {request.model[:60]}. Try {DEFAULT_MODEL}.")]


def _compatible(model: str) -> ModelSpec:
    """Describe a model that we know nothing of: its server will say what it cannot do."""
    return ModelSpec(
        name=model,
        label=model,
        summary="Served by a compatible server, with whatever abilities it has there.",
        sizes=_SOME_SIZE,
        qualities=_THREE_QUALITIES,
        formats=_PIXEL_FORMATS,
        source="the provider's own settings",
        checked_on=_CHECKED_ON,
    )
