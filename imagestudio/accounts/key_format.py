"""What an API key looks like: `ist_`, a letter for its kind, 256 random bits, a checksum."""

import hashlib
import hmac
import secrets
import string
import zlib

MEMBER, SERVICE = "m", "s"
PREFIX = "ist_"

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET_CHARS = 43  # 62 ** 43 is a little more than 2 ** 256.
_CHECK_CHARS = 6
_LENGTH = len(PREFIX) + 1 + _SECRET_CHARS + _CHECK_CHARS


def make(kind: str) -> str:
    """Draw a new key. It is shown once; afterwards only its digest is known."""
    body = f"{PREFIX}{kind}{_base62(secrets.randbits(256), _SECRET_CHARS)}"
    return body + _checksum(body)


def is_well_formed(text: str) -> bool:
    """Whether it can be a key at all: what was mistyped or cut needs no look into the database."""
    if len(text) != _LENGTH or not text.startswith((PREFIX + MEMBER, PREFIX + SERVICE)):
        return False
    body, check = text[:-_CHECK_CHARS], text[-_CHECK_CHARS:]
    return text.isascii() and hmac.compare_digest(_checksum(body), check)


def digest(text: str) -> str:
    """What is stored. A fast hash is right for a secret of 256 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()


def hint(text: str) -> str:
    """Enough to tell one key from another, and nothing to guess it by."""
    return f"{text[:9]}…{text[-4:]}"


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK_CHARS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
