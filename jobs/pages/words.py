"""Formatting: numbers, times and names in the words that people use; pages work nothing out."""

from collections.abc import Iterator
from datetime import timedelta
from unicodedata import category
from uuid import UUID

from imagestudio.images_api.blank import is_blank
from imagestudio.images_api.capabilities import MODELS, OPTION_LABELS
from imagestudio.images_api.params import LABELS, PARAMS
from imagestudio.images_api.types import UNSET, ImageRequest, SvgAuthor
from jobs.states import State

MICROUSD = 1_000_000
TO = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
NOTHING = "\N{EN DASH}"
JOINERS = "\u200c\u200d"  # Part of the spelling of Persian words, and of an emoji of several.
# Marks that turn the direction of all that follows them.
WITHOUT_OVERRIDES = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# Ends of a range nearer than this are one number to a reader.
NARROW = 1.03

STATE_WORDS = {
    State.QUEUED: "Waiting",
    State.RUNNING: "Developing",
    State.HELD: "Outcome unknown",
    State.SUCCEEDED: "Done",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
}
STATE_ICONS = {
    State.QUEUED: "clock",
    State.RUNNING: "loader-circle",
    State.HELD: "circle-help",
    State.SUCCEEDED: "check",
    State.FAILED: "circle-alert",
    State.CANCELLED: "circle-slash",
}


OPERATION_WORDS = {"generate": "Prompt alone", "edit": "Edit", "vary": "Variation"}


def money(microusd: int | None) -> str:
    """Dollars with as many digits as the amount deserves; None is unknown and never zero."""
    if microusd is None:
        return "cost unknown"
    if microusd == 0:
        return "$0.00"
    dollars = microusd / MICROUSD
    digits = 4 if dollars < 0.01 else 3 if dollars < 1 else 2
    return f"${dollars:,.{digits}f}"


def money_range(low: int | None, high: int | None) -> str:
    if low is None and high is None:
        return "cost unknown"
    if low is None or high is None:
        return f"up to {money(high)}" if low is None else f"from {money(low)}"
    if high <= low * NARROW:
        return f"about {money(high)}"
    return f"{money(low)} {TO} {money(high)}"


def duration(span: timedelta | None) -> str:
    if span is None:
        return ""
    seconds = span.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def byte_size(byte_count: int) -> str:
    if byte_count < 1024 * 1024:
        return f"{byte_count / 1024:.0f} kB"
    return f"{byte_count / (1024 * 1024):.1f} MB"


def size(value: str) -> str:
    return value.replace("x", f" {TIMES} ") if value != "auto" else "Auto size"


def model_name(name: str) -> str:
    return MODELS[name].label if name in MODELS else name


def quality_name(value: str) -> str:
    return OPTION_LABELS["quality"].get(value, value)


def format_name(value: str) -> str:
    return OPTION_LABELS["output_format"].get(value, value.upper())


def background_name(value: str) -> str:
    return OPTION_LABELS["background"].get(value, value)


def pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def shorten(text: str, limit: int) -> str:
    """One line of at most `limit` characters, cut at a word where there is one."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0].rstrip(",.;:") + "…"


def file_stem(text: str, row_id: UUID) -> str:
    """What a download is called: letters of every script stay, and without any the id tells it."""
    spaced = "".join(letter if _is_of_a_word(letter) else " " for letter in text.lower())
    stem = "-".join(spaced.split())[:60].strip("-" + JOINERS)
    return stem or f"picture-{row_id.hex[-8:]}"


def _is_of_a_word(letter: str) -> bool:
    return category(letter)[0] in "LMN" or letter in JOINERS


def title(prompt: str, operation: str) -> str:
    """What a job is called; a variation need not have words, and none may turn the line around."""
    name = OPERATION_WORDS.get(operation, operation)
    return name if is_blank(prompt) else prompt.translate(WITHOUT_OVERRIDES)


def asked_for(request: ImageRequest) -> tuple[str, ...]:
    """The settings of a request that say something, for the foot of a card."""
    words = [size(request.size), f"{quality_name(request.quality)} quality"]
    if request.operation == "vary":
        words.insert(0, "Variation")
    elif request.operation == "edit":
        words.insert(0, f"Edit of {pictures(len(request.inputs))}")
    if request.mask or request.markup:
        words.insert(1, "with a mask" if request.mask else "with markup")
    if request.output_format != "png":
        words.append(format_name(request.output_format))
    if request.background != "auto":
        words.append(f"{background_name(request.background)} background")
    return tuple(words)


def rarely_asked(request: ImageRequest) -> Iterator[tuple[str, str]]:
    """Label and value of the settings that are mostly left alone, where they were not."""
    for name in (name for name, param in PARAMS.items() if param.is_rare):
        value = getattr(request, name)
        if value == UNSET[name] or value is None:
            continue
        if isinstance(value, SvgAuthor):
            value = value.model if value.effort is None else f"{value.model}, {value.effort} effort"
        yield LABELS[name], str(OPTION_LABELS.get(name, {}).get(value, value))
