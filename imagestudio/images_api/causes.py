"""Puts a broken connection into a short code and a few plain words."""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Iterator

from urllib3.exceptions import NameResolutionError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as PoolTimeoutError

from imagestudio.images_api.calls import Call
from imagestudio.images_api.codes import OwnCode

_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3}[ -~]{0,60})")
# The first one found anywhere in the chain of causes is told, so the narrower come first.
_CAUSES: tuple[tuple[type[BaseException], OwnCode, str], ...] = (
    (ProxyError, OwnCode.PROXY, "its proxy could not be reached"),
    (NameResolutionError, OwnCode.NAME_UNKNOWN, "its name could not be resolved"),
    (ssl.SSLCertVerificationError, OwnCode.TLS, "its TLS certificate is not to be trusted"),
    (SSLError, OwnCode.TLS, "the TLS connection failed"),
    (ssl.SSLError, OwnCode.TLS, "the TLS connection failed"),
    (ConnectionRefusedError, OwnCode.CONNECTION_REFUSED, "it refused the connection"),
    (PoolTimeoutError, OwnCode.TIMEOUT, "it stayed silent too long"),
    (TimeoutError, OwnCode.TIMEOUT, "it stayed silent too long"),
    (http.client.RemoteDisconnected, OwnCode.DISCONNECTED, "the connection was lost"),
    (http.client.IncompleteRead, OwnCode.DISCONNECTED, "the connection was lost"),
    (http.client.HTTPException, OwnCode.BAD_HEAD, "the head of its answer can't be read"),
)


def cause_of(error: BaseException, call: Call) -> tuple[str, str]:
    """Give code and words for what ended the call; what we did ourselves comes first."""
    if call.is_cut:
        return OwnCode.DEADLINE, "its deadline passed"
    chain = list(_chain(error))
    if refusal := next(filter(None, map(_TUNNEL.match, map(str, chain))), None):
        return OwnCode.PROXY, f"its proxy let no call through ({refusal[1]})"
    for kind, code, words in _CAUSES:
        if any(isinstance(link, kind) for link in chain):
            return code, words
    return OwnCode.DISCONNECTED, "the connection was lost"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Walk from what `requests` raised down to what the socket said."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        link = waiting.pop()
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        reason = getattr(link, "reason", None)
        waiting += [*link.args, reason, link.__cause__, link.__context__]
