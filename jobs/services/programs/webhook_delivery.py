"""One call to somebody's address, behind the SSRF guard: only where it may go, and to the very
address that was checked, so that DNS rebinding leads nowhere."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from urllib3.exceptions import HTTPError

from imagestudio.images_api.calls import Call, watched
from imagestudio.images_api.pinned import PinnedConnection, PinnedTlsConnection
from imagestudio.net.addresses import Address, is_public, parsed, unwrapped

TIMEOUT_S = 10.0  # For each step on its own.
DEADLINE_S = 15.0  # For all together: a listener that sends byte by byte stays within each step's.
MAX_URL_CHARS = 500
SECRET_PREFIX = "whsec_"  # noqa: S105 - the form of a secret, not one


class Unreachable(Exception):
    """Nobody heard; the text says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes: the name for its certificate, and the one address that was checked."""

    scheme: str
    host: str
    port: int
    target: str
    address: str


def problem_with(url: str) -> str:
    """Why no word may go there; empty when it may be tried."""
    try:
        _check(_parts(url))
    except Unreachable as error:
        return str(error)
    return ""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send it once, following nothing; gives the status that came back."""
    place, call = _resolve(_parts(url)), Call(DEADLINE_S)
    connection = _connection(place, call)
    try:
        with watched(call):
            connection.request("POST", place.target, body, dict(headers), preload_content=False)
            return connection.getresponse().status
    except (OSError, http.client.HTTPException, HTTPError, ValueError) as error:
        reason = "TimeoutError" if call.is_cut else _kind(error)
        raise Unreachable(reason) from error
    finally:
        connection.close()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """As the Standard Webhooks specification has it."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise Unreachable("its secret can't be read") from error
    text = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()}"


def _connection(place: Place, call: Call) -> PinnedConnection | PinnedTlsConnection:
    if place.scheme == "https":
        return PinnedTlsConnection(
            place.host,
            place.port,
            call=call,
            address=place.address,
            timeout=TIMEOUT_S,
            ssl_context=_context(),
        )
    return PinnedConnection(
        place.host, place.port, call=call, address=place.address, timeout=TIMEOUT_S
    )


def _kind(error: Exception) -> str:
    """Name what the socket said, where the library wraps it in an error of its own."""
    is_wrapped = isinstance(error, HTTPError) and isinstance(error.__cause__, OSError)
    return type(error.__cause__ if is_wrapped else error).__name__


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_odd = len(url) > MAX_URL_CHARS or not url.isascii() or not _is_one_word(url)
        if is_odd or parts.port == 0 or not parts.hostname or "@" in parts.netloc:
            raise Unreachable("This is no address that can be called.")
    except ValueError:
        raise Unreachable("This is no address that can be called.") from None
    return parts


def _check(parts: SplitResult) -> None:
    if parts.scheme not in ("https", "http"):
        raise Unreachable("Use an https address.")
    literal = _literal(parts.hostname or "")
    if parts.scheme == "http" and not settings.WEBHOOK_NETWORKS:
        raise Unreachable("Use an https address.")
    if literal is not None:
        _allow(parts, literal)


def _resolve(parts: SplitResult) -> Place:
    _check(parts)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("its name can't be resolved") from error
    addresses = [parsed(str(entry[4][0])) for entry in found]
    for address in addresses:
        _allow(parts, address)
    target = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    return Place(parts.scheme, host, port, target + query, str(addresses[0]))


def _allow(parts: SplitResult, address: Address) -> None:
    """The public internet over https, and what an admin has named; nothing else inside."""
    place = unwrapped(address)
    networks = (ipaddress.ip_network(text, strict=False) for text in settings.WEBHOOK_NETWORKS)
    if any(place in network for network in networks):
        return
    if parts.scheme != "https":
        raise Unreachable("Use an https address.")
    if not is_public(place):
        raise Unreachable("This address is not on the public internet.")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_one_word(url: str) -> bool:
    return url.isprintable() and " " not in url
