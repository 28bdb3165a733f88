"""One call to somebody's address: only where it may go, to the address that was checked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

TIMEOUT_S = 10.0  # For each step on its own.
DEADLINE_S = 15.0  # For all of them: a listener that drips is never slow enough for the other.
MAX_URL_CHARS = 500
SECRET_PREFIX = "whsec_"  # noqa: S105 - the form of a secret, not one
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# All of the public internet is in here. What lies outside, or wraps an IPv4 address (6to4), may
# lead inside, though Python takes most of it for public.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_6TO4 = ipaddress.IPv6Network("2002::/16")


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
    place = _resolve(_parts(url))
    connection = _Pinned(place)
    try:
        with connection.ended_after(DEADLINE_S):
            connection.request("POST", place.target, body, dict(headers))
            return connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = "TimeoutError" if connection.was_ended else type(error).__name__
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


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name stands for a moment later."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.host, place.port, timeout=TIMEOUT_S)
        self._place = place
        self.was_ended = False

    @contextmanager
    def ended_after(self, deadline_s: float) -> Iterator[None]:
        """Cut the line then, whatever the other side does to keep it open."""
        timer = threading.Timer(deadline_s, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def connect(self) -> None:
        place = self._place
        plain = socket.create_connection((place.address, place.port), TIMEOUT_S)
        if place.scheme == "https":
            plain = _context().wrap_socket(plain, server_hostname=place.host)
        self.sock = plain
        if self.was_ended:  # Before there was a line to cut.
            raise TimeoutError

    def _end(self) -> None:
        self.was_ended = True
        if self.sock is not None:
            # Past any TLS layer, which is in use in another thread.
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


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
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        _allow(parts, address)
    target = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    return Place(parts.scheme, host, port, target + query, str(addresses[0]))


def _allow(parts: SplitResult, address: Address) -> None:
    """The public internet over https, and what an admin has named; nothing else inside."""
    place = _unwrapped(address)
    networks = (ipaddress.ip_network(text, strict=False) for text in settings.WEBHOOK_NETWORKS)
    if any(place in network for network in networks):
        return
    if parts.scheme != "https":
        raise Unreachable("Use an https address.")
    if not _is_public(place):
        raise Unreachable("This address is not on the public internet.")


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and address in _GLOBAL_UNICAST and address not in _6TO4
    return address.is_global and not address.is_multicast


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_one_word(url: str) -> bool:
    return url.isprintable() and " " not in url
