"""Which addresses are the gateway's, under all the names that clients have for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from imagestudio.accounts.key_format import PREFIX
from jobs.gateway.api.links import PATH as FILES

BASE, AZURE = "/v1/", "/openai/"
# The clients for Azure name the model in the address; some do so below /v1.
_DEPLOYMENT = re.compile(r"/(?:openai/)?(?:v1/)?deployments/(.+)/(images/[a-z]+)")
# Asked by those who look after the studio, with whatever headers.
_ALWAYS_PAGES = ("/healthz", "/readyz")
_KEY = PREFIX.encode()


def is_for_programs(scope: Mapping[str, Any]) -> bool:
    """Whether an answer is to have the shape of the API; whoever brings a key is a program."""
    path = scope["path"]
    if path.startswith(FILES) or path in _ALWAYS_PAGES:
        return False
    return path == "/v1" or path.startswith((BASE, AZURE)) or _brings_key(scope["headers"])


def canonical(path: str) -> tuple[str, str]:
    """The address below /v1, and the model that it names; empty where it names none."""
    if found := _DEPLOYMENT.fullmatch(path):
        return BASE + found[2], found[1]
    if path.startswith(AZURE):
        return BASE + path.removeprefix(AZURE).removeprefix("v1/"), ""
    return path, ""


def _brings_key(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """One of ours: a proxy before the studio may put credentials of its own on every request."""
    for name, value in headers:
        if name == b"api-key" and value.startswith(_KEY):
            return True
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].lstrip().startswith(_KEY)
    return False
