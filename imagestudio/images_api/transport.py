"""One connection for one call, through `requests`, with nothing taken from the environment.

A proxy and a certificate authority of one's own are settings of each provider instead.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from functools import cache
from typing import IO, Any
from urllib.parse import unquote

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import Url, make_headers, parse_url

from imagestudio.images_api.calls import Call
from imagestudio.images_api.codes import OwnCode
from imagestudio.images_api.errors import NotSent
from imagestudio.images_api.pinned import PinnedConnection, PinnedTlsConnection
from imagestudio.images_api.providers import Provider

CONNECT_TIMEOUT_S = 5.0
SEND_BYTES = 256 * 1024  # Sixteen times the usual: large pictures are sent in fewer steps.


class UploadBody:
    """A request body that knows whether all of it was handed to the socket.

    `http.client` sends each piece before it asks for the next, so being asked past the end
    proves that everything before it went out.
    """

    def __init__(self, source: IO[bytes], length: int) -> None:
        self._source = source
        self._length = length
        self._left = length
        self.handed_over = False

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(65_536):
            yield piece

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self._left -= len(piece)
        if not piece and self._left:
            raise OSError("A file became shorter while it was sent.")
        self.handed_over = not piece
        return piece


def open_session(
    url: str, call: Call, provider: Provider, *, address: str | None = None
) -> requests.Session:
    """Give a session for this call alone, so that no stale kept-alive connection is met.

    With an `address` it connects there, and the URL's name is for the other side to read.
    """
    session = _OneCallSession()
    session.trust_env = False
    target = parse_url(url)
    session.mount(f"{target.scheme}://", _OneCallAdapter(target, call, provider, address))
    return session


@cache
def shared_tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Load the authorities once: done for each connection it costs 30 ms and a megabyte."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def _tls_context(provider: Provider) -> ssl.SSLContext:
    try:
        return shared_tls_context(provider.ca_file) if provider.ca_file else shared_tls_context()
    except OSError as error:  # A file that holds no certificate is one, too.
        problem = f"The ca_file of {provider.name} could not be read: {error.strerror or error}."
        raise NotSent(problem, code=OwnCode.TLS) from None


class _OneCallSession(requests.Session):
    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:
        """Look at no redirect, not even at where it would lead: that may be no address at all."""
        return iter(())


class _OneCallAdapter(HTTPAdapter):
    """Sends over a single connection that its call's watchdog can shut."""

    def __init__(self, url: Url, call: Call, provider: Provider, address: str | None) -> None:
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)
        self._proxy = parse_url(provider.proxy) if provider.proxy else None
        self._is_forwarded = self._proxy is not None and url.scheme == "http"
        self._pool = _pool(url, call, provider, self._proxy, address)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Leave the pool as it is: its TLS context verifies, and holds the authorities already."""

    def request_url(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> str:
        """A proxy reads the whole address of what it is no mere tunnel for."""
        return str(request.url) if self._is_forwarded else request.path_url

    def add_headers(self, request: requests.PreparedRequest, **_: Any) -> None:
        if self._is_forwarded:
            request.headers.update(_proxy_headers(self._proxy))

    def close(self) -> None:
        self._pool.close()
        super().close()


def _pool(
    url: Url, call: Call, provider: Provider, proxy: Url | None, address: str | None
) -> HTTPConnectionPool:
    ours: dict[str, Any] = {
        "maxsize": 1,
        "blocksize": SEND_BYTES,
        "call": call,
        "address": address,
    }
    if url.scheme == "https":
        ours |= {"_proxy": proxy, "_proxy_headers": _proxy_headers(proxy)}
        return _TlsPool(url.host or "", url.port, ssl_context=_tls_context(provider), **ours)
    first = proxy or url
    return _PlainPool(first.host or "", first.port, **ours)


def _proxy_headers(proxy: Url | None) -> dict[str, str]:
    if proxy is None or not proxy.auth:
        return {}
    return dict(make_headers(proxy_basic_auth=unquote(proxy.auth)))


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = PinnedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = PinnedTlsConnection
