"""The composer's form as it was filled in: nothing is lost, nothing is judged here."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import uuid4

from django.http import QueryDict

from imagestudio.accounts.models import User
from imagestudio.images_api.capabilities import DEFAULT_MODEL, Problem
from imagestudio.images_api.types import ImageRequest, Operation, SvgAuthor
from jobs.models import Job, Upload
from jobs.pages.http import as_uuid
from jobs.services.submit import MAX_KEY_CHARS, NO_INPUTS, Inputs
from jobs.states import InputRole, Visibility

CUSTOM = "custom"
UNCOMPRESSED = "100"  # The service's own default.
OPERATIONS: tuple[Operation, ...] = ("generate", "edit", "vary")
# What a preset holds and what a choice may change: no words, no pictures, nobody's eyes.
SETTINGS = (
    "provider",
    "model",
    "size",
    "width",
    "height",
    "quality",
    "n",
    "output_format",
    "background",
    "output_compression",
    "moderation",
    "complexity",
    "input_fidelity",
    "partial_images",
    "frame_count",
    "frame_duration_ms",
    "svg_model",
    "svg_effort",
)
TEXTS = ("operation", "prompt", "visibility", "parent", "preset", "mask", "markup", *SETTINGS)
NUMBERS = ("width", "height", "n", "frame_count", "frame_duration_ms")
# What a form took over that an address has filled: nobody's draft.
NO_BASE = "-"
MAX_SETTING_CHARS = 200
NUMBER = re.compile(r"\s*([0-9]+)\s*(?:px|ms)?\s*")
# More than any model takes, so that its own limit is what is told.
MAX_IMAGES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    operation: str = "generate"
    prompt: str = ""
    provider: str = ""  # A service by name; empty stands for the first one.
    model: str = DEFAULT_MODEL
    size: str = "auto"  # "auto", a size, or "custom" with width and height beside it.
    width: str = ""
    height: str = ""
    quality: str = "auto"
    n: str = "1"
    output_format: str = "png"
    background: str = "auto"
    output_compression: str = UNCOMPRESSED
    moderation: str = "auto"
    complexity: str = "auto"
    input_fidelity: str = "auto"
    partial_images: str = "0"
    frame_count: str = ""
    frame_duration_ms: str = ""
    svg_model: str = ""
    svg_effort: str = ""
    images: tuple[str, ...] = ()  # Ids of uploads, in their order; layers lie over the first.
    mask: str = ""
    markup: str = ""
    keeps_outside: bool = True
    visibility: str = Visibility.PRIVATE.value
    parent: str = ""
    preset: str = ""  # The one that was applied last, changed since or not.
    base: str = ""  # The form that was left here before, whose words this one has taken over.
    key: str = ""  # The form's own id and a number: sent twice, it is still one job.

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        values: dict[str, object] = {name: data[name] for name in TEXTS if name in data}
        values["images"] = data.getlist("images")
        # The box has a hidden twin before it, because an empty box sends nothing.
        values["keeps_outside"] = data.get("keeps_outside", "on") == "on"
        key, base = (_storable(data.get(name, ""))[:MAX_KEY_CHARS] for name in ("key", "base"))
        return replace(cls.from_values(values), key=key or _key(), base=base)

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> Self:
        """Read what was kept, by this version or another: what makes no sense is left out."""
        known: dict[str, Any] = {
            name: _storable(text) for name in TEXTS if isinstance(text := values.get(name), str)
        }
        known |= {name: known[name][:MAX_SETTING_CHARS] for name in SETTINGS if name in known}
        known |= {name: _digits(known[name]) for name in NUMBERS if name in known}
        # Browsers send line breaks as CR LF; a model should read what was typed.
        if "prompt" in known:
            known["prompt"] = known["prompt"].replace("\r\n", "\n")
        if known.get("visibility") not in set(Visibility):
            known["visibility"] = Visibility.PRIVATE.value
        images = values.get("images")
        listed: list[object] = images if isinstance(images, list) else []
        texts = [_storable(text) for text in listed if isinstance(text, str)]
        return cls(
            images=tuple(dict.fromkeys(texts))[:MAX_IMAGES],
            keeps_outside=values.get("keeps_outside") is not False,
            **known,
        ).renewed()

    @classmethod
    def like(
        cls, job: Job, uploads: Mapping[InputRole, list[Upload]], visibility: Visibility
    ) -> Self:
        """The settings of an earlier job, to be changed or sent again as a new one."""
        asked = job.image_request
        width, _, height = asked.size.partition("x")
        layers = {
            role.value: str(uploads[role][0].pk)
            for role in (InputRole.MASK, InputRole.MARKUP)
            if uploads.get(role)
        }
        return cls(
            operation=asked.operation,
            prompt=asked.prompt,
            provider=job.provider,
            model=asked.model,
            size=asked.size,
            width=width if height else "",
            height=height,
            images=tuple(str(upload.pk) for upload in uploads.get(InputRole.IMAGE, ())),
            keeps_outside=job.keeps_outside,
            visibility=visibility.value,
            parent=str(job.pk),
            base=NO_BASE,
            key=_key(),
            **_choices_of(asked),
            **layers,
        )

    def to_values(self) -> dict[str, object]:
        """All but the form's own id, as JSON."""
        values: dict[str, object] = {name: getattr(self, name) for name in TEXTS}
        return values | {"images": list(self.images), "keeps_outside": self.keeps_outside}

    def settings(self) -> dict[str, str]:
        """What a preset holds; width and height only where they say something."""
        values = {name: str(getattr(self, name)) for name in SETTINGS}
        unused = {} if self.size == CUSTOM else {"width": "", "height": ""}
        return values | unused

    def with_settings(self, values: Mapping[str, object]) -> Self:
        other = Draft.from_values(values)
        changed: dict[str, Any] = {name: getattr(other, name) for name in SETTINGS}
        return replace(self, **changed)

    def with_settings_of(self, text: str) -> Self:
        """The same from JSON that a form sent back; anything else changes nothing."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            return self
        return self.with_settings(values) if isinstance(values, dict) else self

    def with_images(self, images: tuple[str, ...]) -> Self:
        """Other pictures; what was painted over the first one goes when another takes its place."""
        if images[:1] == self.images[:1]:
            return replace(self, images=images)
        return replace(self, images=images, mask="", markup="")

    def renewed(self) -> Self:
        """The same wishes in the same form, not sent yet."""
        return replace(self, key=_key(self.form))

    def continued(self, job: Job) -> Self:
        """The form that made this job, shown anew where no script keeps it in the page."""
        return replace(self, key=job.idempotency_key or "").renewed()

    @property
    def form(self) -> str:
        """What all keys of this form begin with, as long as its page is open."""
        return self.key.rpartition(":")[0] or self.key

    def inputs(self, user: User) -> tuple[Inputs, tuple[Problem, ...]]:
        """Find the pictures in their order; what is not there or not theirs becomes a problem."""
        wanted = [*self.images, *filter(None, (self.mask, self.markup))]
        if not wanted:
            return NO_INPUTS, ()
        ids = [upload_id for text in wanted if (upload_id := as_uuid(text))]
        found = {str(u.pk): u for u in Upload.objects.usable_by(user).filter(pk__in=ids)}
        inputs = Inputs(
            images=tuple(found[text] for text in self.images if text in found),
            mask=found.get(self.mask),
            markup=found.get(self.markup),
        )
        return inputs, _lost(len(wanted) - len(inputs.all()))

    @property
    def request(self) -> ImageRequest:
        """What the API would be asked; a field that makes no sense is passed on to be refused."""
        compression = "" if self.output_compression == UNCOMPRESSED else self.output_compression
        operation: Any = self.operation
        return ImageRequest(
            operation=operation,
            model=self.model,
            prompt=self.prompt.strip(),
            n=_number(self.n, 0) or 0,
            size=f"{self.width}x{self.height}" if self.size == CUSTOM else self.size,
            quality=self.quality,
            background=self.background,
            output_format=self.output_format,
            output_compression=_number(compression),
            moderation=self.moderation,
            complexity=self.complexity,
            frame_count=_number(self.frame_count),
            frame_duration_ms=_number(self.frame_duration_ms),
            svg=self._svg_author(),
            input_fidelity=self.input_fidelity,
            partial_images=_number(self.partial_images) or 0,
        )

    def _svg_author(self) -> SvgAuthor | None:
        if not self.svg_model and not self.svg_effort:
            return None
        return SvgAuthor(model=self.svg_model.strip(), effort=self.svg_effort or None)


def _key(form: str = "") -> str:
    return f"{form or uuid4().hex}:{uuid4().hex}"


def _choices_of(asked: ImageRequest) -> dict[str, str]:
    compression = asked.output_compression
    return {
        "quality": asked.quality,
        "n": str(asked.n),
        "output_format": asked.output_format,
        "background": asked.background,
        "output_compression": UNCOMPRESSED if compression is None else str(compression),
        "moderation": asked.moderation,
        "complexity": asked.complexity,
        "input_fidelity": asked.input_fidelity,
        "partial_images": str(asked.partial_images),
        "frame_count": _text(asked.frame_count),
        "frame_duration_ms": _text(asked.frame_duration_ms),
        "svg_model": asked.svg.model if asked.svg else "",
        "svg_effort": (asked.svg.effort or "") if asked.svg else "",
    }


def _lost(count: int) -> tuple[Problem, ...]:
    if not count:
        return ()
    which = "One picture is" if count == 1 else f"{count} pictures are"
    again = "it" if count == 1 else "them"
    return (Problem("inputs", f"{which} no longer there. Add {again} again."),)


def _storable(text: str) -> str:
    """What the database can keep: no NUL, no half of a pair."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _digits(text: str) -> str:
    """Digits of any width and a unit behind them are still that number; all else stays as it is."""
    found = NUMBER.fullmatch(unicodedata.normalize("NFKC", text))
    return found[1] if found else text


def _number(text: str, nonsense: int = -1) -> int | None:
    """None where nothing was written; what is no number is out of every range."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else nonsense


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
