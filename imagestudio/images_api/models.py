"""The models of the Images API as data: what each can do. When they end is in `lifecycle`.

Source: OpenAI's reference and model pages and the Python SDK 3.57.0, read 2026-11-29.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from types import MappingProxyType

from imagestudio.images_api.frames import FrameRule
from imagestudio.images_api.inputs import InputRule
from imagestudio.images_api.lifecycle import as_day
from imagestudio.images_api.modelspec import ModelSpec
from imagestudio.images_api.sizes import FixedSizes, FreeSizes, SizePreset

DEFAULT_MODEL = "gpt-image-2.6-flare"

_DATED = re.compile(r"(.+)-(20[0-9]{2}-[0-9]{2}-[0-9]{2})")
_CHECKED_ON = date(2026, 11, 29)


def _start_of(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


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

# Of a model that is new to us: its service will say what it does not draw.
_SOME_SIZE = FreeSizes(
    presets=(SizePreset("512x512", "Small square", "1:1"), _SQUARE),
    step=1,
    max_ratio=8,
    max_edge=4096,
    min_pixels=64 * 64,
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
    created=_start_of(date(2026, 11, 4)),
    label="GPT Image 2.6 Flare",
    summary="Fast, and good at nearly everything. Start here.",
    sizes=_ANY_SIZE,
    qualities=_FIVE_QUALITIES,
    formats=(*_PIXEL_FORMATS, "gif", "svg"),
    needs_access=("gif", "svg"),
    complexities=("auto", "low", "medium", "high"),
    inputs=_WITH_MARKUP,
    frames=_FRAMES,
    source="developers.openai.com/api/docs/models, SDK 3.57.0",
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
    created=_start_of(date(2026, 9, 8)),
    label="GPT Image 2.5 Flare",
    summary="The fast one of the last generation; low and medium cost less.",
    formats=_PIXEL_FORMATS,
    needs_access=(),
    complexities=("auto",),
    frames=None,
    source="SDK 3.57.0",
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
    created=_start_of(date(2026, 4, 21)),
    label="GPT Image 2",
    summary="The older model, for looks that were made with it.",
    qualities=_THREE_QUALITIES,
    inputs=InputRule(),
    source="developers.openai.com/api/docs/models/gpt-image-2.md, SDK 3.57.0",
)
_V1_5 = replace(
    _V2,
    name="gpt-image-1.5",
    created=_start_of(date(2025, 12, 16)),
    label="GPT Image 1.5",
    summary="The first generation, in three sizes.",
    sizes=_THREE_SIZES,
    fidelities=("auto", "low", "high"),
    source="developers.openai.com/api/docs/deprecations, SDK 3.57.0",
)
_V1_MINI = replace(
    _V1_5,
    name="gpt-image-1-mini",
    created=_start_of(date(2025, 10, 6)),
    label="GPT Image 1 Mini",
    summary="The cheapest of the first generation, in three sizes.",
    fidelities=("auto", "low"),
)
_CHATGPT = replace(
    _V1_5,
    name="chatgpt-image-latest",
    created=_start_of(date(2025, 12, 16)),
    label="ChatGPT Image",
    summary="What ChatGPT drew with, in three sizes.",
    fidelities=("auto",),
)


def snapshot(spec: ModelSpec, day: date) -> ModelSpec:
    """The state of a model on one day: it can and costs the same, and goes by its own name."""
    return replace(
        spec,
        name=f"{spec.name}-{day.isoformat()}",
        label=f"{spec.label} ({day.isoformat()})",
        created=_start_of(day),
        snapshot_of=spec.name,
    )


def guess(name: str) -> ModelSpec:
    """Describe a model that the service names and we do not know, as able as the newest family.

    Refused here is only what would be refused of any model: the service knows better than we do.
    """
    return replace(
        _V2_6_FLARE,
        name=name,
        label=name,
        summary="The service lists it; the studio knows neither its limits nor its price yet.",
        sizes=_SOME_SIZE,
        fidelities=("auto", "low", "high"),
        is_guess=True,
        created=0,
        source="the service's own list, or its settings",
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
            snapshot(_V2_5_FLARE, date(2026, 9, 8)),
            snapshot(_V2_5_SUNBURST, date(2026, 9, 8)),
            snapshot(_V2, date(2026, 4, 21)),
            snapshot(_V1_5, date(2025, 12, 16)),
        )
    }
)


def known(name: str) -> ModelSpec | None:
    """A model of the table, or the state of one of them on a day that we had not heard of."""
    if spec := MODELS.get(name):
        return spec
    found = _DATED.fullmatch(name)
    spec, released = (MODELS.get(found[1]), as_day(found[2])) if found else (None, None)
    return snapshot(spec, released) if spec and released and not spec.snapshot_of else None


def created_of(name: str) -> int:
    """When a model came out, also one that is gone from the table; 0 for one never heard of."""
    spec = known(name)
    return spec.created if spec else _CREATED_BEFORE.get(name, 0)


_CREATED_BEFORE: Mapping[str, int] = MappingProxyType(
    {
        "gpt-image-1": _start_of(date(2025, 4, 23)),
        "dall-e-3": _start_of(date(2023, 11, 6)),
        "dall-e-2": _start_of(date(2022, 11, 3)),
    }
)
