"""Fetches a picture that an answer only names, from hosts that an admin has named before.

An address in an answer is a stranger's word: it could lead into our own network. So the host must
be on the provider's list, the address that it resolves to must be public, and the connection goes
to that very address, whatever the name resolves to a moment later.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import pybase64
import requests
from urllib3.exceptions import HTTPError

from imagestudio.images_api.calls import Call
from imagestudio.images_api.causes import cause_of
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.transport import CONNECT_TIMEOUT_S, open_session
from imagestudio.images_api.types import AnswerImage

CHUNK_BYTES = 256 * 1024
PAUSE_S = 0.5
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Unfetchable(Exception):
    """Why a picture was not fetched, in words that follow "it"."""


class Hiccup(Unfetchable):
    """The same, where another try may go well."""


class UrlFetcher:
    """Gets the pictures of one answer, within that answer's call."""

    def __init__(self, provider: Provider, call: Call, *, max_bytes: int) -> None:
        self._provider = provider
        self._call = call
        self._max_bytes = max_bytes

    def __call__(self, url: str, into: Path, index: int) -> AnswerImage:
        path = into / f"url-{index}.part"
        for is_last in (False, False, True):
            try:
                return self._fetch(url, path, index)
            except Unfetchable as error:
                problem = str(error)
                if is_last or not isinstance(error, Hiccup) or not self._may_ask_again():
                    break
        return AnswerImage(index, path, "", 0, problem)

    def _may_ask_again(self) -> bool:
        """It is paid for, and asking once more costs nothing but a moment of the call's time."""
        time.sleep(min(PAUSE_S, self._call.remaining_s))
        return not self._call.cut_reason and self._call.remaining_s > 0

    def _fetch(self, url: str, path: Path, index: int) -> AnswerImage:
        digest, byte_count = hashlib.sha256(), 0
        with path.open("wb") as file:
            for piece in self._pieces(url):
                digest.update(piece)
                byte_count += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        problem = None if byte_count else "it is empty"
        return AnswerImage(index, path, digest.hexdigest(), byte_count, problem)

    def _pieces(self, url: str) -> Iterator[bytes]:
        if url.startswith("data:"):
            yield _of_data_url(url)
            return
        target, address = self._checked(url)
        try:
            yield from self._download(target, address)
        except (requests.RequestException, HTTPError, OSError) as error:
            _, words = cause_of(error, self._call)
            raise Hiccup(f"it could not be fetched: {words}") from None

    def _checked(self, url: str) -> tuple[str, str]:
        """Give the whole URL and the address to connect to, or refuse to."""
        try:
            target = urljoin(f"{self._provider.base_url.rstrip('/')}/", url)
            parts = urlsplit(target)
            host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            raise Unfetchable("its address makes no sense") from None
        name = f"[{host}]" if ":" in host else host
        is_named = f"{name}:{port}" in self._provider.url_hosts and parts.scheme in _PORTS
        if not is_named and (name not in self._provider.url_hosts or not _is_plain_https(parts)):
            raise Unfetchable("its address is not on a host that may be fetched from")
        addresses = _resolved(host, port or 0)
        if not is_named and not all(map(is_public, addresses)):
            raise Unfetchable("its address leads into a private network")
        return target, addresses[0]

    def _download(self, url: str, address: str) -> Iterator[bytes]:
        left = self._max_bytes
        silent_s = self._call.remaining_s + 1
        with (
            open_session(url, self._call, address=address) as session,
            session.get(
                url,
                headers={"Accept": "image/*", "Accept-Encoding": "identity"},
                stream=True,
                allow_redirects=False,
                timeout=(min(CONNECT_TIMEOUT_S, silent_s), silent_s),
            ) as response,
        ):
            if response.status_code != HTTPStatus.OK:
                family = Hiccup if response.status_code >= 500 else Unfetchable
                raise family(f"its address answered with status {response.status_code}")
            while piece := response.raw.read(CHUNK_BYTES, decode_content=False):
                left -= len(piece)
                if left < 0:
                    raise Unfetchable(f"it is larger than {self._max_bytes:,} bytes")
                yield piece


def is_public(address: str) -> bool:
    """Whether an address is out on the internet, also when it hides another one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        hidden = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            hidden.append(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF))
        if not all(is_public(str(inner)) for inner in hidden if inner):
            return False
    return ip.is_global and not ip.is_multicast


def _is_plain_https(parts: SplitResult) -> bool:
    return parts.scheme == "https" and parts.port in {None, 443} and parts.username is None


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unfetchable("the name of its host could not be resolved") from None
    return [str(entry[4][0]) for entry in found]


def _of_data_url(url: str) -> bytes:
    head, _, text = url.partition(",")
    if not head.endswith(";base64"):
        raise Unfetchable("its data URL is not base64")
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        raise Unfetchable("it is not strict base64") from None
