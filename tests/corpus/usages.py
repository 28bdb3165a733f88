"""What servers say of the tokens of one picture, and what of it is a bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TEXT_RATE, IMAGE_IN_RATE, IMAGE_OUT_RATE = 5, 8, 30  # In micro-USD, of the model in these rows.
COST = 50 * TEXT_RATE + 1056 * IMAGE_OUT_RATE


@dataclass(frozen=True, slots=True)
class Said:
    name: str
    usage: object
    microusd: int | None = None
    told: dict[str, Any] | None = None  # What is passed on.

    def __str__(self) -> str:
        return self.name


def usage(**changes: object) -> dict[str, Any]:
    whole = {
        "input_tokens": 50,
        "output_tokens": 1056,
        "total_tokens": 1106,
        "input_tokens_details": {"text_tokens": 50, "image_tokens": 0},
    }
    return {name: value for name, value in (whole | changes).items() if value is not ...}


NOTHING = {"text_tokens": 0, "image_tokens": 0}
HALF = usage(input_tokens_details={"text_tokens": 50})

USAGES = (
    Said("as it should be", usage(), COST, usage()),
    Said(
        "zeros, as a proxy writes them",
        usage(input_tokens=0, output_tokens=0, total_tokens=0, input_tokens_details=NOTHING),
    ),
    Said("no output", usage(output_tokens=0, total_tokens=50)),
    Said(
        "details that are all zero",
        usage(input_tokens_details=NOTHING, output_tokens_details=NOTHING),
    ),
    Said(
        "parts that do not add up",
        usage(input_tokens_details={"text_tokens": 9, "image_tokens": 9}),
    ),
    Said("a part larger than its total", usage(input_tokens_details={"text_tokens": 51})),
    Said("a total that is another one", usage(total_tokens=9)),
    Said("negative", usage(output_tokens=-1056, total_tokens=-1006)),
    Said("beyond belief", usage(output_tokens=10**30, total_tokens=None)),
    Said("without end", usage(output_tokens=1e400, total_tokens=None)),
    Said("true", usage(output_tokens=True)),
    Said("words", usage(output_tokens="a lot")),
    Said("a list", [50, 1056]),
    Said(
        "text for a picture",
        usage(output_tokens_details={"text_tokens": 1056, "image_tokens": 0}),
        None,
        usage(output_tokens_details={"text_tokens": 1056, "image_tokens": 0}),
    ),
    Said("none of it", None),
    Said("one part told", HALF, COST, HALF),
    Said(
        "only pictures told",
        usage(input_tokens_details={"image_tokens": 20}),
        30 * TEXT_RATE + 20 * IMAGE_IN_RATE + 1056 * IMAGE_OUT_RATE,
        usage(input_tokens_details={"image_tokens": 20}),
    ),
    Said(
        "other details",
        usage(input_tokens_details={"cached_tokens": 0}),
        COST,
        usage(input_tokens_details={"cached_tokens": 0}),
    ),
    Said("no total", usage(total_tokens=...), COST, usage(total_tokens=...)),
    Said("a fraction", usage(output_tokens=1055.5, total_tokens=1105.5), COST, usage()),
    Said("with a point", usage(output_tokens=1056.0, total_tokens=1106.0), COST, usage()),
    Said("numbers in texts", usage(output_tokens="1056", total_tokens="1106"), COST, usage()),
    Said(
        "more beside it",
        usage(image_count=1, tier="gold", cost=0.04, odd=[1], output_bytes=-1),
        COST,
        usage(image_count=1, cost=0.04),
    ),
)
