"""Takes secrets out of strangers' texts: what they repeat is stored, logged and shown to people."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

HIDDEN = "[hidden]"
MIN_KEY_CHARS = 4
# Written where a server wants no key; to hide these words would only spoil sentences.
NO_SECRETS = frozenset({"dummy", "empty", "none", "null", "sandbox", "test"})
# A key that was cut off is given away by its beginning, and a short one may be part of a word.
TELLING_CHARS = 16

_CHARS = "A-Za-z0-9._~+/=%|-"
# A digit somewhere, or long: the prose that follows the same words is neither.
_TOKEN = rf"(?:(?=[A-Za-z._~+/=%|-]{{0,200}}[0-9])[{_CHARS}]{{8,}}|[{_CHARS}]{{24,}})"
_NAMES = (
    "api[-_ ]?key|access[-_ ]?key|access[-_ ]?token|auth[-_ ]?token|authorization"
    "|client[-_ ]?secret|password|secret|subscription[-_ ]?key"
)
_OF_QUERIES = f"{_NAMES}|code|credential|key|sig|signature|token|x-amz-[a-z-]{{1,40}}"
_LOOKS_SECRET = re.compile(
    rf"""(?P<scheme>\b(?:Bearer|Basic|Token)\s+){_TOKEN}
    |(?P<field>(?<![a-z])(?:{_NAMES})\\?["']?\s*[:=]\s*\\?["']?){_TOKEN}
    |(?P<query>[?&](?:{_OF_QUERIES})=)[^\s&"'<>#]+
    |(?P<user>://[^\s/:@]{{0,100}}:)[^\s/@]{{1,200}}(?=@)
    |\b(?:sk|pk|rk|xai|hf|gsk|r8|ist)[-_](?=[A-Za-z_-]{{0,100}}[0-9])[A-Za-z0-9_-]{{6,}}
    |\bAIza[A-Za-z0-9_-]{{20,}}
    |\beyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*)?
    """,
    re.VERBOSE | re.IGNORECASE,
)

_known: frozenset[str] = frozenset()
_lock = threading.Lock()


def remember(keys: Iterable[str]) -> None:
    """Hide these from now on, wherever this process meets them."""
    global _known
    secret = {key for key in keys if len(key) >= MIN_KEY_CHARS and key.lower() not in NO_SECRETS}
    with _lock:
        _known |= secret


def redact(text: str) -> str:
    """Hide the keys that this process holds, and whatever looks like a token of anybody's."""
    if known := _pattern(_known):
        text = known.sub(HIDDEN, text)
    return _LOOKS_SECRET.sub(_hide, text)


def redact_bytes(data: bytes | bytearray) -> bytes:
    """Hide the keys of this process in what may be a picture, where looks would deceive."""
    known = _pattern(_known)
    return known.sub(HIDDEN, data.decode("latin-1")).encode("latin-1") if known else bytes(data)


def redact_document(value: Any) -> Any:
    """Do the same in every text of a JSON document, names included."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [redact_document(item) for item in value]
    if isinstance(value, dict):
        return {redact(name): redact_document(item) for name, item in value.items()}
    return value


@lru_cache(maxsize=4)
def _pattern(keys: frozenset[str]) -> re.Pattern[str] | None:
    spellings = {spelling for key in keys for spelling in (key, quote(key, safe=""))}
    # The longest first: a key may be the beginning of another one.
    patterns = map(_pattern_of, sorted(spellings, key=len, reverse=True))
    return re.compile("|".join(patterns)) if keys else None


def _pattern_of(key: str) -> str:
    if len(key) < TELLING_CHARS:
        return rf"(?<![A-Za-z0-9]){re.escape(key)}(?![A-Za-z0-9])"
    head, rest = key[:TELLING_CHARS], key[TELLING_CHARS:]
    return f"{re.escape(head)}(?:{re.escape(rest)}|[{_CHARS}]*)"


def _hide(match: re.Match[str]) -> str:
    kept = match["scheme"] or match["field"] or match["query"] or match["user"] or ""
    return f"{kept}{HIDDEN}"
