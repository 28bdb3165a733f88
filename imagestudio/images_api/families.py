"""Puts an error into the class that says what to do about it: by its names first, then by status.

Only what the official service says in its own envelope proves that nothing was made. Whatever
stands in between answers 500 and 503 also when the request was carried out and its answer lost.
"""

from __future__ import annotations

import re

from imagestudio.images_api import codes
from imagestudio.images_api.codes import any_of
from imagestudio.images_api.envelopes import ErrorBody
from imagestudio.images_api.errors import (
    AccountFault,
    ImagesApiError,
    ModerationRefused,
    OutcomeUnknown,
    Refused,
    Rejected,
    Retryable,
)

Family = type[ImagesApiError]

RATE_LIMITED = 429
# The other side stopped waiting, or lost what stands behind it.
GAVE_UP = frozenset({408, 424, 444, 460, 499})
OF_THE_ACCOUNT = frozenset({401, 402, 407})
# SDK proxies answer so for all that the service said; those that name a gateway are not believed.
REFUSES_BY_NAME = frozenset({500, 501})
MAY_NAME_THE_ACCOUNT = frozenset({401, 402, 403, 429})

_LIMIT = re.compile(
    r"\blimit:? *(\d[\d,]*(?:\.\d+)?).{0,60}?\brequested:? *(\d[\d,]*)", re.I | re.S
)
_NO_LIMIT = re.compile(r"\blimit:? *0+(?:\.0+)?(?![\d.]*\d)(?! *(?:remaining|left|of\b))", re.I)
_RATE = re.compile(
    r"rate.?limit|too many requests|per (?:second|min|hour|day)|quota|slow(?:ing)? down|concurren"
    r"|capacity|overloaded",
    re.IGNORECASE,
)


def of_status(
    status: int, said: ErrorBody | None, *, is_whole: bool = True, is_direct: bool
) -> Family:
    """Give the class of an answer with this status."""
    if status < 200 or (status >= 500 and not is_whole):
        return OutcomeUnknown
    if status < 400:
        return Refused
    named = _named(status, said) if said else None
    if named is not None:
        return named
    if status >= 500:
        return _of_server_error(status, said, is_direct=is_direct)
    is_lost = said and not is_direct and codes.WAITED_IN_VAIN.search(said.message)
    if status in GAVE_UP or is_lost:
        return OutcomeUnknown
    if status in OF_THE_ACCOUNT:
        return AccountFault
    return Rejected if status == RATE_LIMITED else Refused


def of_names(said: ErrorBody, *, is_direct: bool) -> Family | None:
    """Give the class of an error that came without a status; None where its names say nothing."""
    status = said.status or next(
        (s for s, known in codes.STATUS_OF.items() if any_of(said.names, known)), 0
    )
    if status:
        return of_status(status, said, is_direct=is_direct)
    return _named(0, said)


def code_of(family: Family, said: ErrorBody) -> str | None:
    """Give the name to show for it; what a proxy put in its place says less."""
    if family is ModerationRefused:
        is_known = said.code and codes.plain(said.code) in codes.MODERATION
        named = said.code if is_known else codes.moderation_named_in(said.message)
        return named or codes.OwnCode.MODERATION_BLOCKED
    if codes.UNVERIFIED in said.message.lower():
        return codes.OwnCode.NOT_VERIFIED
    if family is Refused and _can_never_go(said):
        return codes.OwnCode.LIMIT_EXCEEDED
    return said.code


def has_a_fee(family: Family, said: ErrorBody) -> bool:
    """Some services charge for what their safety rules refuse."""
    names = " ".join(said.names)
    return family is ModerationRefused and bool(
        codes.VIOLATION_FEE.search(said.message) or "violationfee" in names
    )


def is_of_the_request(said: ErrorBody) -> bool:
    """Refused for what was asked, so before any work; of moderation that is not known."""
    return any_of(said.names, codes.REQUEST) and not _is_moderation(0, said)


def speaks_of_rate(said: ErrorBody) -> bool:
    return any_of(said.names, codes.RATE) or bool(_RATE.search(said.message))


def _named(status: int, said: ErrorBody) -> Family | None:
    """The class of what is called by its name, whatever its status."""
    if status in MAY_NAME_THE_ACCOUNT and codes.BLOCKED.search(said.message):
        return AccountFault
    if _is_moderation(status, said):
        return ModerationRefused
    if codes.UNVERIFIED in said.message.lower():
        return AccountFault
    if any_of(said.names, codes.ONE_MODEL) or codes.NO_ACCESS.search(said.message):
        return Refused if status < 500 else None
    if _is_of_the_account(status, said):
        return AccountFault
    if status == RATE_LIMITED and _can_never_go(said):
        return Refused
    is_refusal = status in REFUSES_BY_NAME and any_of(said.names, codes.REQUEST)
    return Refused if is_refusal else None


def _is_moderation(status: int, said: ErrorBody) -> bool:
    names = said.names | codes.quoted_in(said.message)
    if said.categories or any_of(names, codes.MODERATION):
        return True
    is_of_a_failure = status >= 500 and codes.BROKEN.search(said.message)
    if not is_of_a_failure and codes.moderation_named_in(said.message):
        return True
    # A failure may speak of guardrails and policies too.
    sentence = codes.REFUSED_BY_SAFETY if status >= 500 else codes.MODERATED
    return bool(sentence.search(said.message))


def _is_of_the_account(status: int, said: ErrorBody) -> bool:
    if any_of(said.names, codes.ACCOUNT - codes.WITH_A_STATUS):
        return True
    if status in MAY_NAME_THE_ACCOUNT or status >= 500:
        # A prompt that is repeated in a message must never close a service: so not with a 400.
        names = said.names | codes.quoted_in(said.message)
        known = codes.ACCOUNT - codes.WITH_A_STATUS if status >= 500 else codes.ACCOUNT
        if any_of(names, known):
            return True
    if status in MAY_NAME_THE_ACCOUNT and codes.ABOUT_THE_ACCOUNT.match(said.message):
        return not any_of(said.names, codes.RATE)
    return 400 <= status < 500 and bool(codes.ABOUT_THE_KEY.match(said.message))


def _can_never_go(said: ErrorBody) -> bool:
    """A rate limit that this very request exceeds by itself, however long it waits."""
    if any_of(said.names, codes.TOO_LARGE) or "request too large" in said.message.lower():
        return True
    found = _LIMIT.search(said.message)
    if found and _amount(found[2]) > _amount(found[1]):
        return True
    return bool(_NO_LIMIT.search(said.message))


def _amount(text: str) -> float:
    return float(text.replace(",", ""))


def _of_server_error(status: int, said: ErrorBody | None, *, is_direct: bool) -> Family:
    """Held, unless the official service itself says in its own words that it failed."""
    if said is None or not (is_direct and said.is_envelope):
        return OutcomeUnknown
    if status == 501:
        return Refused
    is_named = any_of(said.names, codes.SERVER) and not codes.BROKEN.search(said.message)
    return Retryable if status in {500, 503} and is_named else OutcomeUnknown
