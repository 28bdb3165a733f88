"""The composer's form as it was filled in: nothing is lost, nothing is judged here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import uuid4

from django.http import QueryDict

from imagestudio.images_api import capabilities
from imagestudio.images_api.capabilities import DEFAULT_MODEL, MODELS
from imagestudio.images_api.types import ImageRequest
from jobs.models import Job
from jobs.states import Visibility

CUSTOM = "custom"
# What a choice falls back to when another choice has made it impossible.
DEFAULTS = {"size": "auto", "quality": "auto", "output_format": "png", "background": "auto"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    prompt: str = ""
    model: str = DEFAULT_MODEL
    size: str = "auto"  # "auto", a size, or "custom" with width and height beside it.
    width: str = ""
    height: str = ""
    quality: str = "auto"
    n: str = "1"
    output_format: str = "png"
    background: str = "auto"
    visibility: Visibility = Visibility.PRIVATE
    parent: str = ""
    key: str = ""  # The form's own id: sent twice, it is still one job.

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        blank = cls()
        # Browsers send line breaks as CR LF; a model should read what was typed.
        prompt = data.get("prompt", "").replace("\r\n", "\n")
        shown_to_team = data.get("visibility") == Visibility.TEAM
        return cls(
            prompt=prompt,
            model=data.get("model", blank.model),
            size=data.get("size", blank.size),
            width=data.get("width", ""),
            height=data.get("height", ""),
            quality=data.get("quality", blank.quality),
            n=data.get("n", blank.n),
            output_format=data.get("output_format", blank.output_format),
            background=data.get("background", blank.background),
            visibility=Visibility.TEAM if shown_to_team else Visibility.PRIVATE,
            parent=data.get("parent", ""),
            key=data.get("key", "") or str(uuid4()),
        )

    @classmethod
    def like(cls, job: Job, visibility: Visibility) -> Self:
        """The settings of an earlier job, to be changed or sent again as a new one."""
        asked = job.image_request
        width, _, height = asked.size.partition("x")
        return cls(
            prompt=asked.prompt,
            model=asked.model if asked.model in MODELS else DEFAULT_MODEL,
            size=asked.size,
            width=width if height else "",
            height=height,
            quality=asked.quality,
            n=str(asked.n),
            output_format=asked.output_format,
            background=asked.background,
            visibility=visibility,
            parent=str(job.pk),
            key=str(uuid4()),
        )

    def renewed(self) -> Self:
        """The same wishes as a form that was not sent yet."""
        return replace(self, key=str(uuid4()))

    @property
    def request(self) -> ImageRequest:
        """What the API would be asked; a field that makes no sense is passed on to be refused."""
        size = f"{self.width}x{self.height}" if self.size == CUSTOM else self.size
        return ImageRequest(
            model=self.model,
            prompt=self.prompt.strip(),
            n=int(self.n) if self.n.isascii() and self.n.isdigit() and len(self.n) < 4 else 0,
            size=size,
            quality=self.quality,
            background=self.background,
            output_format=self.output_format,
        )

    def fitted(self) -> tuple[Draft, tuple[str, ...]]:
        """Put back what the model cannot do, and say what was put back and why.

        A size that is being typed is left alone: its problem is shown beside it instead.
        """
        draft, reasons = self, []
        for param, default in DEFAULTS.items():
            if param == "size" and draft.size == CUSTOM:
                continue
            for problem in capabilities.problems(draft.request):
                if problem.param == param and getattr(draft, param) != default:
                    changed: dict[str, Any] = {param: default}
                    draft = replace(draft, **changed)
                    reasons.append(f"Changed to {default}: {problem.message}")
        return draft, tuple(reasons)
