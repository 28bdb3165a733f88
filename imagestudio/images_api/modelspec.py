"""What one model can do, and what is wrong with a request to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from imagestudio.images_api.sizes import SizeRule
from imagestudio.images_api.types import ImageRequest

# Every value that some model knows, in the order of a menu, with its name for people.
OPTION_LABELS: dict[str, dict[str, str]] = {
    "quality": {
        "auto": "Auto",
        "low": "Low",
        "medium": "Medium",
        "high": "High",
        "xhigh": "Extra high",
        "max": "Maximum",
    },
    "output_format": {"png": "PNG", "webp": "WebP", "jpeg": "JPEG", "gif": "GIF", "svg": "SVG"},
    "background": {"auto": "Auto", "opaque": "Opaque", "transparent": "Transparent"},
    "moderation": {"auto": "Standard", "low": "Low"},
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to change in a request, and the field to change it in."""

    param: str
    message: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A choice that goes with certain values of another field only."""

    param: str
    value: str | None  # None stands for any value at all that is set.
    needs: str
    allowed: tuple[str | int, ...]
    reason: str

    def problem(self, request: ImageRequest) -> Problem | None:
        chosen = getattr(request, self.param)
        applies = chosen is not None if self.value is None else chosen == self.value
        if not applies or getattr(request, self.needs) in self.allowed:
            return None
        return Problem(self.param, self.reason)

    def as_json(self) -> dict[str, object]:
        return {
            "param": self.param,
            "value": self.value,
            "needs": self.needs,
            "allowed": list(self.allowed),
            "reason": self.reason,
        }


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
    exclusions: tuple[Exclusion, ...]
    max_n: int = 10
    max_prompt_chars: int = 32_000
    shuts_down_on: date | None = None
    replacement: str | None = None
    snapshot_of: str | None = None
    source: str
    checked_on: date

    def problems(self, request: ImageRequest, today: date | None = None) -> list[Problem]:
        """Say what is wrong with the request, field by field; an empty list means it may go."""
        return [
            *self._problems_of_model(today or _today()),
            *self._problems_of_prompt(request.prompt),
            *self._problems_of_size(request.size),
            *self._problems_of_choices(request),
            *self._problems_of_numbers(request),
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

    def reason_against(self, param: str, value: str) -> str | None:
        """Say why a value of a menu cannot be chosen with this model; None means it can."""
        values = self._values(param)
        if value not in values:
            return f"{self.name} has no {_NAMES[param]} {value}."
        if param == "output_format" and value in self.needs_access:
            return f"{self.name} draws {value} for accounts with preview access only."
        return None

    def as_json(self, today: date | None = None) -> dict[str, object]:
        """Give a browser all it needs to enable and disable options, with the reasons."""
        return {
            "name": self.name,
            "label": self.label,
            "summary": self.summary,
            "warning": self.warning(today or _today()),
            "sizes": self.sizes.as_json(),
            "options": {param: list(self._options(param)) for param in OPTION_LABELS},
            "exclusions": [rule.as_json() for rule in self.exclusions],
            "n": {"min": 1, "max": self.max_n},
            "prompt": {"max_chars": self.max_prompt_chars},
            "source": self.source,
            "checked_on": self.checked_on.isoformat(),
        }

    def _problems_of_model(self, today: date) -> Iterator[Problem]:
        if not self.is_available(today):
            yield Problem("model", self.warning(today) or "")

    def _problems_of_prompt(self, prompt: str) -> Iterator[Problem]:
        if not prompt.strip():
            yield Problem("prompt", "Write what you want to see.")
        if len(prompt) > self.max_prompt_chars:
            limit = f"{self.name} reads up to {self.max_prompt_chars:,}"
            yield Problem("prompt", f"The prompt has {len(prompt):,} characters; {limit}.")
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in prompt):
            yield Problem("prompt", "The prompt holds a character that is no text; retype it.")

    def _problems_of_size(self, size: str) -> Iterator[Problem]:
        if message := self.sizes.problem(self.name, size):
            yield Problem("size", message)

    def _problems_of_choices(self, request: ImageRequest) -> Iterator[Problem]:
        if request.operation != "generate":
            yield Problem("operation", "Only pictures from a prompt are offered so far.")
        for param in OPTION_LABELS:
            if reason := self.reason_against(param, getattr(request, param)):
                yield Problem(param, f"{reason} Choose {self._choosable(param)}.")

    def _problems_of_numbers(self, request: ImageRequest) -> Iterator[Problem]:
        if not 1 <= request.n <= self.max_n:
            yield Problem("n", f"Ask for 1 to {self.max_n} images at once, not {request.n}.")
        compression = request.output_compression
        if compression is not None and not 0 <= compression <= 100:
            yield Problem(
                "output_compression", f"Compression goes from 0 to 100, not {compression}."
            )

    def _values(self, param: str) -> tuple[str, ...]:
        by_param = {
            "quality": self.qualities,
            "output_format": self.formats,
            "background": self.backgrounds,
            "moderation": self.moderations,
        }
        return by_param[param]

    def _options(self, param: str) -> Iterator[dict[str, object]]:
        for value, label in OPTION_LABELS[param].items():
            yield {"value": value, "label": label, "reason": self.reason_against(param, value)}

    def _choosable(self, param: str) -> str:
        values = [value for value in self._values(param) if not self.reason_against(param, value)]
        return ", ".join(values[:-1]) + " or " + values[-1]


_NAMES = {
    "quality": "quality",
    "output_format": "format",
    "background": "background",
    "moderation": "moderation",
}


def _today() -> date:
    return datetime.now(UTC).date()


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
