"""Under which name the studio is reached, and which addresses lead back to it."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from imagestudio.web.errors import bad_request

HEALTH = ("/healthz", "/readyz")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
DEFAULT_PORTS = {"https": ":443", "http": ":80"}


class OwnHost:
    """Where the origin is known, no other name or port is: what we answer holds links of ours.

    Whoever looks after this machine asks for our health by its loopback names.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.ORIGIN:
            named = request.META.get("HTTP_HOST", "")
            if request.path in HEALTH and _name(named) in LOOPBACK:
                request.META["HTTP_HOST"] = own_host()
            elif _plain(named) != own_host():
                return bad_request(request)
        return self.get_response(request)


def own_host() -> str:
    return _plain(urlsplit(settings.ORIGIN).netloc)


def leads_back(request: HttpRequest, url: str) -> bool:
    """Whether a redirect there stays with us."""
    ours = {own_host() if settings.ORIGIN else request.get_host()}
    return url_has_allowed_host_and_scheme(url, ours, require_https=settings.IS_PUBLIC)


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # An open bracket.
        return None


def _plain(host: str) -> str:
    """Proxies name the port of the scheme, browsers don't."""
    return host.lower().removesuffix(DEFAULT_PORTS.get(urlsplit(settings.ORIGIN).scheme, ""))
