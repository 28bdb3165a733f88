"""Scripted failures: magic words in the prompt, so that each can be tried from the page.

| In the prompt | What happens | Billed |
|---|---|---|
| `[moderation]` | 400 `moderation_blocked` with its details | no |
| `[rate-limit]` | 429 `rate_limit_exceeded`, `retry-after: 2` | no |
| `[no-money]` | 429 `insufficient_quota` | no |
| `[bad-key]` | 401 `invalid_api_key` | no |
| `[server-error]` | 500 `server_error` | no |
| `[overloaded]` | 503 `server_is_overloaded` | no |
| `[gateway-timeout]` | 504 with a proxy's HTML page | yes |
| `[hang]` | no answer, ever | yes |
| `[cut]` | the connection closes in the middle of the answer | yes |
| `[html]` | 200 with an HTML page | yes |
| `[not-an-image]` | 200 with a text in place of the picture | yes |
| `[partial]` | one picture fewer than asked for | yes |
| `[cut-stream]` | a stream closes in the middle, after its first preview | yes |
| `[stream-error]` | a stream ends with an error event, after its first preview | yes |
| `[slow:SECONDS]` | takes that long; goes together with the others | |

The two of streams leave answers that come at once as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from imagestudio.sandbox.envelope import ApiFault

_WORD = re.compile(r"\[([a-z-]+)\]")
_SLOW = re.compile(r"\[slow:([0-9]{1,4}(?:\.[0-9]{1,3})?)\]")


class Trick(StrEnum):
    """What a sandbox answer does that no good answer does; all of them are billed."""

    GATEWAY_TIMEOUT = "gateway-timeout"
    HANG = "hang"
    CUT = "cut"
    HTML = "html"
    NOT_AN_IMAGE = "not-an-image"
    PARTIAL = "partial"
    CUT_STREAM = "cut-stream"
    STREAM_ERROR = "stream-error"


FAULTS = {
    "moderation": ApiFault(
        400,
        "Your request was rejected by the safety system.",
        kind="image_generation_user_error",
        code="moderation_blocked",
        details={"moderation_stage": "input", "categories": ["violence"]},
    ),
    "rate-limit": ApiFault(
        429,
        "Rate limit reached for images per minute. Please try again in 2s.",
        kind="requests",
        code="rate_limit_exceeded",
        headers={"retry-after": "2"},
    ),
    "no-money": ApiFault(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        kind="insufficient_quota",
        code="insufficient_quota",
    ),
    "bad-key": ApiFault(401, "Incorrect API key provided: sandbox.", code="invalid_api_key"),
    "server-error": ApiFault(
        500,
        "The server had an error while processing your request.",
        kind="server_error",
        code="server_error",
    ),
    "overloaded": ApiFault(
        503,
        "The engine is currently overloaded, please try again later.",
        kind="service_unavailable_error",
        code="server_is_overloaded",
    ),
}


@dataclass(frozen=True, slots=True)
class Magic:
    """What a prompt asks for besides its picture."""

    fault: ApiFault | None
    trick: Trick | None
    slow_s: float | None

    @classmethod
    def of(cls, prompt: str) -> Magic:
        words = _WORD.findall(prompt)
        slow = _SLOW.search(prompt)
        return cls(
            fault=next((FAULTS[word] for word in words if word in FAULTS), None),
            trick=next((Trick(word) for word in words if word in set(Trick)), None),
            slow_s=float(slow[1]) if slow else None,
        )
