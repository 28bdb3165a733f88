"""Who sends a large body: asked before any of it is kept, so by the cookie alone."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie

from imagestudio.accounts.models import Membership
from imagestudio.accounts.rights import MAKERS
from imagestudio.web.bodies import Sender
from imagestudio.web.database import release_connection


def sender_of(cookie: str) -> Sender | None:
    """Whose session it is, if that is alive and its owner may come in: cookies can be made up."""
    key = parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME)
    if not key or not key.isalnum():
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    try:
        user = get_user(request)
        if not user.is_authenticated:
            return None
        makes = Membership.objects.filter(user=user, role__in=MAKERS).exists()
        return Sender(user.pk, may_send_pictures=makes)
    finally:
        release_connection()
