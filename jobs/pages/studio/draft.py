"""The composer's form as it was filled in: nothing is lost, nothing is judged here."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from uuid import uuid4

from django.http import QueryDict

from imagestudio.accounts.models import User
from imagestudio.images_api.capabilities import DEFAULT_MODEL, Problem
from imagestudio.images_api.params import LABELS, MAX_DIGITS, PARAMS
from imagestudio.images_api.types import UNSET, ImageRequest, SvgAuthor
from jobs.models import Job, Upload
from jobs.pages.http import as_uuid
from jobs.services.submit import MAX_KEY_CHARS, NO_INPUTS, GivenPictures
from jobs.states import InputRole, Visibility

CUSTOM = "custom"
TEXTS = ("operation", "prompt", "visibility", "parent", "preset", "mask", "markup")
SVG_FIELDS = ("svg_model", "svg_effort")


def fields_of(param: str) -> tuple[str, ...]:
    """The fields of the form that one parameter is written into."""
    return SVG_FIELDS if param == "svg" else (param,)


# What a preset holds and what a choice may change, each as it is when nobody has chosen. Prompt,
# pictures and visibility belong to the draft alone.
DEFAULTS: Mapping[str, str] = {
    "provider": "",  # A service by name; empty stands for the first one.
    "model": DEFAULT_MODEL,
    "width": "",  # Of a custom size, as the height.
    "height": "",
    **{each: PARAMS[name].default_text for name in LABELS for each in fields_of(name)},
}
# The parameters that have one field, which spells their value.
PLAIN = tuple(name for name in LABELS if name not in ("size", "svg"))
NUMBERS = frozenset({"width", "height", *(name for name in PLAIN if PARAMS[name].kind is int)})
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
    settings: Mapping[str, str] = field(default_factory=lambda: DEFAULTS)  # By names of fields.
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
        values: dict[str, object] = {
            name: data[name] for name in (*TEXTS, *DEFAULTS) if name in data
        }
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
        # Browsers send line breaks as CR LF; a model should read what was typed.
        if "prompt" in known:
            known["prompt"] = known["prompt"].replace("\r\n", "\n")
        if known.get("visibility") not in set(Visibility):
            known["visibility"] = Visibility.PRIVATE.value
        images = values.get("images")
        listed: list[object] = images if isinstance(images, list) else []
        texts = [_storable(text) for text in listed if isinstance(text, str)]
        return cls(
            settings={name: _setting(name, values.get(name)) for name in DEFAULTS},
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
        layers = {
            role.value: str(uploads[role][0].pk)
            for role in (InputRole.MASK, InputRole.MARKUP)
            if uploads.get(role)
        }
        return cls(
            operation=asked.operation,
            prompt=asked.prompt,
            settings={**DEFAULTS, "provider": job.provider, **_settings_of(asked)},
            images=tuple(str(upload.pk) for upload in uploads.get(InputRole.IMAGE, ())),
            keeps_outside=job.keeps_outside,
            visibility=visibility.value,
            parent=str(job.pk),
            base=NO_BASE,
            key=_key(),
            **layers,
        )

    def to_values(self) -> dict[str, object]:
        """All but the form's own id, as JSON."""
        values: dict[str, object] = {name: getattr(self, name) for name in TEXTS}
        values |= {"images": list(self.images), "keeps_outside": self.keeps_outside}
        return {**values, **self.settings}

    def preset_values(self) -> dict[str, str]:
        """What a preset holds; width and height only where they say something."""
        unused = {} if self.settings["size"] == CUSTOM else {"width": "", "height": ""}
        return {**self.settings, **unused}

    def with_changed(self, **settings: str) -> Self:
        return replace(self, settings={**self.settings, **settings})

    def with_settings(self, values: Mapping[str, object]) -> Self:
        return replace(self, settings=Draft.from_values(values).settings)

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

    def inputs(self, user: User) -> tuple[GivenPictures, tuple[Problem, ...]]:
        """Find the pictures in their order; what is not there or not theirs becomes a problem."""
        wanted = [*self.images, *filter(None, (self.mask, self.markup))]
        if not wanted:
            return NO_INPUTS, ()
        ids = [upload_id for text in wanted if (upload_id := as_uuid(text))]
        found = {str(u.pk): u for u in Upload.objects.usable_by(user).filter(pk__in=ids)}
        inputs = GivenPictures(
            images=tuple(found[text] for text in self.images if text in found),
            mask=found.get(self.mask),
            markup=found.get(self.markup),
        )
        return inputs, _lost(len(wanted) - len(inputs.all()))

    @property
    def request(self) -> ImageRequest:
        """What the API would be asked; a field that makes no sense is passed on to be refused."""
        operation: Any = self.operation
        plain: dict[str, Any] = {name: _asked(name, self.settings[name]) for name in PLAIN}
        return ImageRequest(
            operation=operation,
            model=self.settings["model"],
            prompt=self.prompt.strip(),
            size=self._size(),
            svg=self._svg_author(),
            **plain,
        )

    def _size(self) -> str:
        size, width, height = (self.settings[name] for name in ("size", "width", "height"))
        return f"{width}x{height}" if size == CUSTOM else size

    def _svg_author(self) -> SvgAuthor | None:
        model, effort = (self.settings[name] for name in SVG_FIELDS)
        if not model and not effort:
            return None
        return SvgAuthor(model=model.strip(), effort=effort or None)


def _key(form: str = "") -> str:
    return f"{form or uuid4().hex}:{uuid4().hex}"


def _settings_of(asked: ImageRequest) -> dict[str, str]:
    width, _, height = asked.size.partition("x")
    svg = asked.svg
    return {
        **{name: _text(name, getattr(asked, name)) for name in PLAIN},
        "model": asked.model,
        "size": asked.size,
        "width": width if height else "",
        "height": height,
        "svg_model": svg.model if svg else "",
        "svg_effort": (svg.effort or "") if svg else "",
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


def _setting(name: str, value: object) -> str:
    """What was kept of a setting by this version or another, else its default."""
    if not isinstance(value, str):
        return DEFAULTS[name]
    text = _storable(value)[:MAX_SETTING_CHARS]
    return _digits(text) if name in NUMBERS else text


def _digits(text: str) -> str:
    """Digits of any width and a unit behind them are still that number; all else stays as it is."""
    found = NUMBER.fullmatch(unicodedata.normalize("NFKC", text))
    return found[1] if found else text


def _asked(name: str, text: str) -> object:
    """The value of a plain parameter; what is no number is out of every range."""
    param = PARAMS[name]
    if param.kind is str:
        return text
    too_small = (param.minimum or 0) - 1
    # An emptied count is a mistake to be told about, and never quietly one picture.
    if text == param.default_text or (not text and name != "n"):
        return UNSET[name]
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if is_number else too_small


def _text(name: str, value: object) -> str:
    return PARAMS[name].default_text if value is None else str(value)
