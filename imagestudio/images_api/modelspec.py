"""Model spec: what one model can do, and what is wrong with a request to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from imagestudio.images_api import day
from imagestudio.images_api.blank import is_blank
from imagestudio.images_api.frames import FrameRule
from imagestudio.images_api.inputs import InputRule
from imagestudio.images_api.params import (
    API_LABELS,
    LABELS,
    OPTION_LABELS,
    PARAMS,
)
from imagestudio.images_api.rules import EXCLUSIONS, Exclusion, Problem
from imagestudio.images_api.sizes import SizeRule
from imagestudio.images_api.types import ImageRequest

SVG_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
OPERATIONS = ("generate", "edit", "vary")
_PLAIN_INPUTS = InputRule()
# Numbers with the same bounds for every model; of `n` each has its own.
_OUT_OF_BOUNDS = {
    "output_compression": "Compression goes from {low} to {high}, not {number}.",
    "partial_images": "Ask for {low} to {high} previews, not {number}.",
}


def problem_of_number(name: str, number: int | None) -> Problem | None:
    """What the table of parameters says against it; None is no choice."""
    param = PARAMS[name]
    if number is None or param.admits(number):
        return None
    message = _OUT_OF_BOUNDS[name]
    return Problem(name, message.format(low=param.minimum, high=param.maximum, number=number))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model's abilities as data; `checked_on` and `source` say how we know."""

    name: str
    label: str
    summary: str
    sizes: SizeRule
    qualities: tuple[str, ...]
    formats: tuple[str, ...]
    needs_access: tuple[str, ...] = ()  # Formats that only some accounts may ask for.
    backgrounds: tuple[str, ...] = ("auto", "opaque", "transparent")
    moderations: tuple[str, ...] = ("auto", "low")
    complexities: tuple[str, ...] = ("auto",)
    fidelities: tuple[str, ...] = ("auto",)
    inputs: InputRule = _PLAIN_INPUTS
    frames: FrameRule | None = None
    exclusions: tuple[Exclusion, ...] = EXCLUSIONS
    max_n: int = 10
    max_prompt_chars: int = 32_000
    snapshot_of: str | None = None
    created: int = 0  # When it came out, in seconds as on a list of models.
    is_guess: bool = False  # Nobody told us; the newest family's abilities stand in.
    # When it ends and what follows it: by service and day, so `capabilities` fills them in.
    shuts_down_on: date | None = None
    replacement: str | None = None
    source: str
    checked_on: date

    def problems(
        self, request: ImageRequest, today: date | None = None, *, allows_previews: bool = False
    ) -> list[Problem]:
        """Say what is wrong with the request, field by field; an empty list means it may go.

        `allows_previews` says that the account has access to the formats in preview.
        """
        return [
            *self._problems_of_model(today or day.today()),
            *self._problems_of_operation(request),
            *self._problems_of_prompt(request),
            *self._problems_of_size(request),
            *self._problems_of_choices(request, allows_previews=allows_previews),
            *self._problems_of_numbers(request),
            *self._problems_of_svg(request),
            *self.inputs.problems(self.label, request),
            *(found for rule in self.exclusions if (found := rule.problem(request))),
        ]

    def is_available(self, today: date) -> bool:
        return self.shuts_down_on is None or today < self.shuts_down_on

    def warning(self, today: date) -> str | None:
        """Say when the model ends, if its end is announced."""
        if self.shuts_down_on is None:
            return None
        verb = "ends" if self.is_available(today) else "ended"
        instead = f" Use {self.replacement} instead." if self.replacement else ""
        return f"{self.label} {verb} on {_spoken(self.shuts_down_on)}.{instead}"

    def problem_with(
        self, param: str, value: str, *, allows_previews: bool = False
    ) -> Problem | None:
        """Say why a value of a menu cannot be chosen with this model; None means it can."""
        if value not in self._values(param):
            pieces = f"{self.label} has no {LABELS[param].lower()} ", "."
            api_message = f"{self.label} has no {API_LABELS[param]} {value}."
            return Problem(param, value.join(pieces), pieces=pieces, api_message=api_message)
        if param == "output_format" and value in self.needs_access and not allows_previews:
            pieces = f"{self.label} draws ", " for accounts with preview access only."
            return Problem(param, value.join(pieces), pieces=pieces)
        return None

    def _problems_of_model(self, today: date) -> Iterator[Problem]:
        if not self.is_available(today):
            yield Problem("model", self.warning(today) or "")

    def _problems_of_operation(self, request: ImageRequest) -> Iterator[Problem]:
        if request.operation not in OPERATIONS:
            yield Problem("operation", "Choose generate, edit or vary.")
        if request.operation == "generate" and request.input_fidelity != "auto":
            yield Problem("input_fidelity", "Only an edit has pictures to be faithful to.")

    def _problems_of_prompt(self, request: ImageRequest) -> Iterator[Problem]:
        prompt = request.prompt
        if is_blank(prompt) and request.operation != "vary":
            yield Problem("prompt", _EMPTY_PROMPTS.get(request.operation, "Write a prompt."))
        if len(prompt) > self.max_prompt_chars:
            limit = f"{self.label} reads up to {self.max_prompt_chars:,}"
            yield Problem("prompt", f"The prompt has {len(prompt):,} characters; {limit}.")
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in prompt):
            yield Problem("prompt", "The prompt holds a character that is no text; retype it.")

    def _problems_of_size(self, request: ImageRequest) -> Iterator[Problem]:
        if request.output_format == "gif" and self.frames:
            yield from self.frames.problems(request)
        elif found := self.sizes.problem(self.label, request.size):
            yield found

    def _problems_of_choices(
        self, request: ImageRequest, *, allows_previews: bool
    ) -> Iterator[Problem]:
        for param in OPTION_LABELS:
            value = getattr(request, param)
            if found := self.problem_with(param, value, allows_previews=allows_previews):
                choices = self._choosable(param, allows_previews=allows_previews)
                message, api_message = (
                    f"{each} Choose {_either(choices)}."
                    for each in (found.message, found.for_programs)
                )
                yield Problem(param, message, values=choices, api_message=api_message)

    def _problems_of_numbers(self, request: ImageRequest) -> Iterator[Problem]:
        if not 1 <= request.n <= self.max_n:
            yield Problem("n", f"Ask for 1 to {self.max_n} images at once, not {request.n}.")
        for name in _OUT_OF_BOUNDS:
            if found := problem_of_number(name, getattr(request, name)):
                yield found

    def _problems_of_svg(self, request: ImageRequest) -> Iterator[Problem]:
        author = request.svg
        if author is None:
            return
        if not author.model.strip():
            yield Problem("svg", "Name the model that writes the svg.")
        if author.effort is not None and author.effort not in SVG_EFFORTS:
            yield Problem("svg", f"An SVG author knows the efforts {', '.join(SVG_EFFORTS)}.")

    def _values(self, param: str) -> tuple[str, ...]:
        by_param = {
            "quality": self.qualities,
            "output_format": self.formats,
            "background": self.backgrounds,
            "moderation": self.moderations,
            "complexity": self.complexities,
            "input_fidelity": self.fidelities,
        }
        return by_param[param]

    def _choosable(self, param: str, *, allows_previews: bool) -> tuple[str, ...]:
        return tuple(
            value
            for value in self._values(param)
            if not self.problem_with(param, value, allows_previews=allows_previews)
        )


_EMPTY_PROMPTS = {
    "generate": "Write what you want to see.",
    "edit": "Write what is to be changed.",
}


def _either(choices: Sequence[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last


def _spoken(moment: date) -> str:
    return f"{moment.day} {moment:%B %Y}"
