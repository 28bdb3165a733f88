"""Login throttle: each failure slows down who guesses passwords, and nobody else.

Counted by account *and* address: wrong passwords from one place hold up that place alone, so no
outsider locks anybody out. An account that is tried from many places gives each new one fewer free
tries, never none: the right password works at the first try from anywhere. A device that the person
was signed in from before has a count of its own. With Valkey away this raises: nobody guesses then.
"""

import contextlib
import hashlib
import math
import time

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from imagestudio.accounts.models import User
from imagestudio.web.household import household

FREE, FREE_UNDER_ATTACK = 5, 1
# So many failures of an account within the hour are no slips of its owner.
ATTACK = 20
FIRST_WAIT_S, LONGEST_WAIT_S = 60, 3600
REMEMBERED_S = 24 * 3600
# From one address, whatever accounts it tries.
OF_ADDRESS, OF_ADDRESS_S = 10, 60
DEVICE_COOKIE = "__Host-device" if settings.IS_PUBLIC else "device"
DEVICE_S = 365 * 24 * 3600
SALT = "imagestudio.accounts.tries"


def take(login: str, address: str, device: str) -> int:
    """Count a try before it is looked at; the seconds to wait when it is one too many."""
    if device:
        return _take_paced(_name(login, device), FREE)
    place = household(address)
    if _count(f"tries:of:{place}", OF_ADDRESS_S) > OF_ADDRESS:
        return OF_ADDRESS_S
    tried = _count(_name(login, "anywhere"), 3600)
    return _take_paced(_name(login, place), FREE if tried <= ATTACK else FREE_UNDER_ATTACK)


def give_back(login: str, address: str, device: str) -> None:
    """The password was right: this place has nothing to wait for."""
    place = device or household(address)
    cache.delete_many([_name(login, place), f"{_name(login, place)}:wait"])
    if not device:
        for name in (f"tries:of:{place}", _name(login, "anywhere")):
            _uncount(name)


def is_news(address: str) -> bool:
    """Whether a refusal there is worth a line in the audit log: one a minute is enough."""
    return bool(cache.add(f"tries:told:{household(address)}", 1, OF_ADDRESS_S))


def device_of(request: HttpRequest, login: str) -> str:
    """The mark of a device from which this account was signed in to, with its password of now."""
    text = request.COOKIES.get(DEVICE_COOKIE, "")
    try:
        found = signing.loads(text, salt=SALT, max_age=DEVICE_S) if text else None
    except signing.BadSignature:
        return ""
    user = _user_of(login)
    return f"device:{user.pk}" if user and found == _mark(user) else ""


def remember_device(response: HttpResponse, user: User) -> None:
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps(_mark(user), salt=SALT),
        max_age=DEVICE_S,
        secure=settings.IS_PUBLIC,
        httponly=True,
        samesite="Lax",
    )


def _take_paced(name: str, free: int) -> int:
    """The first are free; then one each time that a wait is over, and each wait is twice the last.

    Counted before it is looked at, so that many at once are no more than one after the other.
    """
    count = _count(name, REMEMBERED_S)
    if count < free:
        return 0
    wait_s = min(FIRST_WAIT_S * 2 ** min(count - free, 10), LONGEST_WAIT_S)
    gate, now = f"{name}:wait", time.time()
    if cache.add(gate, now + wait_s, wait_s):
        return 0
    _uncount(name)
    return max(1, math.ceil(float(cache.get(gate) or now) - now))


def _count(name: str, kept_s: int) -> int:
    cache.add(name, 0, kept_s)
    try:
        return int(cache.incr(name))
    except ValueError:  # Its time was over just now.
        return 1


def _uncount(name: str) -> None:
    with contextlib.suppress(ValueError):  # Its time was over just now.
        if int(cache.get(name) or 0) > 0:
            cache.decr(name)


def _name(login: str, place: str) -> str:
    """By the account, however its address was spelled."""
    user = _user_of(login)
    text = f"{user.pk if user else login}|{place}"
    return f"tries:{hashlib.sha256(text.encode()).hexdigest()}"


def _mark(user: User) -> list[str]:
    """Changes with the password, as sessions do."""
    return [str(user.pk), user.get_session_auth_hash()[:16]]


def _user_of(login: str) -> User | None:
    found = EmailAddress.objects.filter(email__iexact=login).select_related("user").first()
    return found.user if found else None
