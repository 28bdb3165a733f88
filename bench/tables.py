"""Numbers in columns."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles


def middle_and_tail(values: Sequence[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    cuts = quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[94]


def heading(*names: str) -> None:
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * len(names), flush=True)


def row(*values: object) -> None:
    print("| " + " | ".join(_text(value) for value in values) + " |", flush=True)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)
