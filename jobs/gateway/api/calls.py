"""A request to /v1 as its handlers see it, before and after its key is known."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO, Any
from urllib.parse import parse_qsl
from uuid import UUID

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from imagestudio.accounts.models import ApiKey
from imagestudio.web.numbers import whole_number
from jobs.gateway.api import addresses
from jobs.gateway.api.errors import ApiError, ErrorAnswer, invalid
from jobs.gateway.api.links import LinkBase

Scope = Mapping[str, Any]
MAX_LENGTH = 10**15


@dataclass(frozen=True, slots=True)
class ApiCall:
    """Who asks for what, as the connection and the headers tell."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    address: str
    is_secure: bool
    deployment: str = ""  # The model that the address names, as Azure's do.
    request_id: str = field(default_factory=lambda: f"req_{secrets.token_hex(16)}")
    began_at: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, scope: Scope) -> ApiCall:
        headers = _headers(scope["headers"])
        path, deployment = addresses.canonical(scope["path"])
        return cls(
            method=scope["method"],
            path=path,
            deployment=deployment,
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=headers,
            address=_address(scope, headers),
            is_secure=_is_secure(scope, headers),
        )

    @property
    def origin(self) -> str:
        """Where the studio is reached, for the links in an answer."""
        if settings.ORIGIN:
            return str(settings.ORIGIN)
        return f"{'https' if self.is_secure else 'http'}://{self.headers.get('host', '')}"

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def content_length(self) -> int | None:
        return whole_number(self.headers.get("content-length", ""), MAX_LENGTH)

    @property
    def preferences(self) -> Mapping[str, str]:
        """What the `Prefer` header asks for (RFC 7240)."""
        parts = (part.partition("=") for part in self.headers.get("prefer", "").split(","))
        return {name.strip().lower(): value.strip(' "') for name, _, value in parts if name.strip()}

    def check_door(self) -> None:
        """Refuse what came to another address than ours, or in clear text where it must not."""
        host, _ = split_domain_port(self.headers.get("host", ""))
        if not host or not validate_host(host, settings.ALLOWED_HOSTS):
            raise invalid(None, "This address is not the studio's.", "invalid_host")
        if settings.IS_PUBLIC and not self.is_secure:
            message = "Use https. This key went over the wire in clear text: rotate it."
            raise ApiError(ErrorAnswer(status=403, message=message, code="https_required"))


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A call whose key was found, with its body and what its path holds."""

    call: ApiCall
    key: ApiKey
    args: Mapping[str, str]
    body: IO[bytes] = field(default_factory=BytesIO)
    body_bytes: int = 0

    @property
    def link_base(self) -> LinkBase:
        return LinkBase(self.call.origin, self.key.pk)

    def uuid(self, name: str) -> UUID | None:
        try:
            return UUID(self.args[name])
        except ValueError:
            return None


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Repeats are joined once: adding each to the ones before costs the square of their number."""
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        values[name.decode("latin-1").lower()].append(value.decode("latin-1"))
    return {name: ", ".join(repeats) for name, repeats in values.items()}


def _address(scope: Scope, headers: Mapping[str, str]) -> str:
    """The client's own address: as many steps back as there are proxies that we trust."""
    peer = (scope.get("client") or ("",))[0]
    if not settings.TRUSTED_PROXIES:
        return str(peer)
    hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    return hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES else str(peer)


def _is_secure(scope: Scope, headers: Mapping[str, str]) -> bool:
    if settings.TRUSTED_PROXIES and settings.SECURE_PROXY_SSL_HEADER:
        return headers.get("x-forwarded-proto", "") == "https"
    return bool(scope.get("scheme") == "https")
