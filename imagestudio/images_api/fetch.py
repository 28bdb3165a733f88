"""Fetches a picture that an answer only names, from hosts that an admin has named before.

An address in an answer is a stranger's word: it could lead into our own network. So the host must
be on the provider's list or be the provider itself, the address that it resolves to must pass the
SSRF guard unless an admin named the host with its port, and the connection goes to that very
address, whatever the name resolves to a moment later. Each redirect is looked at in the same way.
"""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Generator, Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from imagestudio.images_api.calls import Call
from imagestudio.images_api.causes import cause_of
from imagestudio.images_api.codings import ByteSource, CantUnpack, unpacked
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.transport import CONNECT_TIMEOUT_S, open_session
from imagestudio.images_api.types import AnswerImage
from imagestudio.net.addresses import is_public

CHUNK_BYTES = 256 * 1024
MAX_REDIRECTS = 5
MAX_ADDRESS_CHARS = 8_000
ADDRESS_SUFFIX = ".address"
# A store may need some seconds until it has what its owner has just given out an address for.
PATIENCE_S = 12.0
PAUSES_S = (0.5, 0.5, 1.0, 2.0, 3.0, 5.0)
_NOT_YET = frozenset({403, 404, 408, 409, 425, 429})
_PORTS = {"http": 80, "https": 443}


class Unfetchable(Exception):
    """Why a picture was not fetched, in words that follow "it"."""


class Hiccup(Unfetchable):
    """The same, where another try may go well."""


class UrlFetcher:
    """Gets the pictures of one answer, within that answer's call.

    Where that fails, the address stays beside the pictures, in a file of its own: it is paid for.
    """

    def __init__(self, provider: Provider, call: Call, *, max_bytes: int) -> None:
        self._provider = provider
        self._call = call
        self._max_bytes = max_bytes
        self._patient_until: float | None = None

    def __call__(self, url: str, into: Path, index: int) -> AnswerImage:
        path = into / f"url-{index}.part"
        for pause_s in (*PAUSES_S, None):
            try:
                return self._fetch(url, path, index)
            except Unfetchable as error:
                problem = str(error)
                if pause_s is None or not isinstance(error, Hiccup) or not self._waits(pause_s):
                    break
        path.unlink(missing_ok=True)
        _keep_address(url, path.with_suffix(ADDRESS_SUFFIX))
        return AnswerImage(index, path, "", 0, problem)

    def _waits(self, pause_s: float) -> bool:
        """It is paid for, and asking again costs nothing but moments, once for a whole answer."""
        now = time.monotonic()
        self._patient_until = self._patient_until or now + PATIENCE_S
        if now > self._patient_until:
            return False
        time.sleep(min(pause_s, self._call.remaining_s))
        return not self._call.is_cut and self._call.remaining_s > 0

    def _fetch(self, url: str, path: Path, index: int) -> AnswerImage:
        digest, byte_count = hashlib.sha256(), 0
        with path.open("wb") as file:
            for piece in self._pieces(url):
                digest.update(piece)
                byte_count += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if not byte_count:
            raise Hiccup("it is empty")
        return AnswerImage(index, path, digest.hexdigest(), byte_count)

    def _pieces(self, url: str) -> Iterator[bytes]:
        target = self._provider.base_url.rstrip("/") + "/"
        try:
            for _ in range(MAX_REDIRECTS + 1):
                target, address = self._checked(target, url)
                location = yield from self._download(target, address)
                if not location:
                    return
                url = location
        except CantUnpack as error:
            raise Unfetchable(str(error)) from None
        except (requests.RequestException, HTTPError, OSError) as error:
            _, words = cause_of(error, self._call)
            raise Hiccup(f"it could not be fetched: {words}") from None
        raise Unfetchable("its address leads from one to the next and to no picture")

    def _checked(self, base: str, url: str) -> tuple[str, str | None]:
        """Give the whole URL and the address to connect to, or refuse to."""
        try:
            target = urljoin(base, url)
            parts = urlsplit(target)
            host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            raise Unfetchable("its address makes no sense") from None
        name = f"[{host}]" if ":" in host else host
        is_named = f"{name}:{port}" in self._provider.url_hosts and parts.scheme in _PORTS
        is_named = is_named or self._is_own(target)
        if not is_named and (name not in self._provider.url_hosts or not _is_plain_https(parts)):
            raise Unfetchable("its address is not on a host that may be fetched from")
        if self._provider.proxy:
            return target, None  # Where no name can be resolved, it is the proxy that knows it.
        addresses = _resolved(host, port or 0)
        if not is_named and not all(map(is_public, addresses)):
            raise Unfetchable("its address leads into a private network")
        return target, addresses[0]

    def _is_own(self, url: str) -> bool:
        """Whether it is on the provider itself, which wants the key for it and knows it already."""
        return _origin(url) == _origin(self._provider.base_url)

    def _download(self, url: str, address: str | None) -> Generator[bytes, None, str]:
        """Give the pieces of the picture; the result is where to look instead, or empty."""
        headers = {"Accept": "image/*", "Accept-Encoding": "identity"}
        if self._is_own(url):
            headers |= self._provider.headers()
        silent_s = self._call.remaining_s + 1
        with (
            open_session(url, self._call, self._provider, address=address) as session,
            session.get(
                url,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(min(CONNECT_TIMEOUT_S, silent_s), silent_s),
            ) as response,
        ):
            if response.is_redirect:
                return response.headers["Location"]
            if response.status_code != HTTPStatus.OK:
                is_passing = response.status_code >= 500 or response.status_code in _NOT_YET
                family = Hiccup if is_passing else Unfetchable
                raise family(f"its address answered with status {response.status_code}")
            yield from self._unpacked(response)
        return ""

    def _unpacked(self, response: requests.Response) -> Iterator[bytes]:
        def read(size: int) -> bytes:
            return response.raw.read(size, decode_content=False) or b""

        source = unpacked(ByteSource(read), response.headers.get("Content-Encoding", ""))
        left = self._max_bytes
        while piece := source(CHUNK_BYTES):
            left -= len(piece)
            if left < 0:
                raise Unfetchable(f"it is larger than {self._max_bytes:,} bytes")
            yield piece


def _keep_address(url: str, path: Path) -> None:
    if len(url) > MAX_ADDRESS_CHARS:
        return
    with path.open("w") as file:
        file.write(url)
        file.flush()
        os.fsync(file.fileno())


def _is_plain_https(parts: SplitResult) -> bool:
    return parts.scheme == "https" and parts.port in {None, 443} and parts.username is None


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Give scheme, host and port; None for what has a user in it, or is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname or "", port) if "@" not in parts.netloc else None


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unfetchable("the name of its host could not be resolved") from None
    return [str(entry[4][0]) for entry in found]
