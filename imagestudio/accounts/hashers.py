"""Passwords cost memory on purpose: 100 MB each time. So few are checked at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

from imagestudio.web.errors import Busy

PLACES = 2
# They hold a connection to the database meanwhile, of which there are few.
MAX_WAITING = 3
WAIT_S = 5.0

_places = threading.BoundedSemaphore(PLACES)
_known = threading.BoundedSemaphore(PLACES + MAX_WAITING)


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """Django's own, in turn; Busy when too many wait."""

    # Eight threads for each would leave the rest of a small machine no processor.
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _place():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _place():
            return super().verify(password, encoded)


@contextmanager
def _place() -> Iterator[None]:
    if not _known.acquire(blocking=False):
        raise Busy
    try:
        if not _places.acquire(timeout=WAIT_S):
            raise Busy
        try:
            yield
        finally:
            _places.release()
    finally:
        _known.release()
