"""What allauth asks of us: who may come in, how often they may try, and what of it is recorded."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from imagestudio.accounts import tries
from imagestudio.accounts.models import ApiKey, User
from imagestudio.accounts.services import note_password, note_sign_in
from imagestudio.web.hosts import leads_back


class ClosedDoorAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves: people are added by an admin."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """allauth would also lead to every host that requests may name, on any port."""
        return leads_back(self.request, url)

    # Letters

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A letter leads to where the studio is, not to what its request called it."""
        ours = {name: _at_home(value) for name, value in context.items()}
        site = urlsplit(settings.ORIGIN or settings.ADDRESS).netloc
        if site:
            ours["current_site"] = {"name": site, "domain": site}
        super().send_mail(template_prefix, email, ours)

    # Tries

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """In place of allauth's own limit, by which anybody could lock anybody out."""
        login, address = _login(credentials), self.get_client_ip(request)
        wait_s = tries.take(login, address, tries.device_of(request, login))
        if wait_s:
            if tries.is_news(address):
                note_sign_in("sign_in.refused", login, address)
            raise ImmediateHttpResponse(_wait(request, wait_s))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            login = _login(credentials)
            device = tries.device_of(request, login)
            tries.give_back(login, self.get_client_ip(request), device)
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        note_sign_in("sign_in.failed", _login(credentials), self.get_client_ip(request))

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        """Whoever was in from this device is not held up by what others try elsewhere."""
        response: HttpResponse = super().post_login(request, user, **more)
        note_sign_in("sign_in.succeeded", user.email, self.get_client_ip(request))
        tries.remember_device(response, user)
        return response

    # Passwords

    def set_password(self, user: User, password: str) -> None:
        """By changing, setting and resetting alike."""
        by = self.request.user if self.request.user.is_authenticated else None
        with transaction.atomic():
            super().set_password(user, password)
            note_password(by, user)
        alive = ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)
        if count := alive.filter(owner=user).count():
            keys = "Your API key works on" if count == 1 else f"Your {count} API keys work on"
            messages.warning(
                self.request,
                f"{keys}. If somebody else may know one, revoke it on the page for API keys.",
            )


def _login(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").strip().lower()


def _at_home(value: Any) -> Any:
    home = urlsplit(settings.ORIGIN or settings.ADDRESS)
    if not home.netloc or not isinstance(value, str) or not value.startswith(("http:", "https:")):
        return value
    return urlunsplit(urlsplit(value)._replace(scheme=home.scheme, netloc=home.netloc))


def _wait(request: HttpRequest, wait_s: int) -> HttpResponse:
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = str(wait_s)
    return response
