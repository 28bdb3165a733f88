"""Telling of a job: what happened, and apart from it what that may have cost."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

EARLIER_CALL = "An earlier call of this job may have been billed."


class Money(StrEnum):
    """What is said about the money of the last call."""

    UNSAID = ""  # Then the card says it, by what is known of the job.
    SAID = "said"  # By the message itself, where one is read that has no parts.
    NOTHING = "nothing"
    IT_MAY = "it_may"
    CALL_MAY = "call_may"
    STILL_MAY = "still_may"
    NOT_REPEATED = "not_repeated"
    PROBABLY = "probably"
    ALL_THE_SAME = "all_the_same"


# Each goes on where the words about what happened stop.
_WORDS: Mapping[Money, str] = MappingProxyType(
    {
        Money.NOTHING: " Nothing was spent.",
        Money.IT_MAY: " It may have been billed.",
        Money.CALL_MAY: " The call may have been billed.",
        Money.STILL_MAY: ", so it may be billed.",
        Money.NOT_REPEATED: (
            " It may have been carried out and billed, so it is not repeated by itself."
        ),
        Money.PROBABLY: " It was probably billed.",
        Money.ALL_THE_SAME: ", and billed all the same.",
    }
)
_SAYS_MONEY = re.compile("spent|billed")
_NOTHING_THIS_TIME = " Nothing was spent this time."


@dataclass(frozen=True, slots=True)
class Telling:
    """One message in its parts; `str()` is what people read. A job's row keeps both."""

    what: str = ""
    money: Money = Money.UNSAID
    more: str = ""  # Advice, and what the service said itself.
    after_doubt: bool = False  # A call before the last one may have been billed.

    @classmethod
    def of(cls, message: str) -> Self:
        """Read a message that has no parts: a process of an earlier release wrote it.

        Nowhere else is one searched for words. What follows from it is only what is said once more.
        """
        what = message.removesuffix(EARLIER_CALL)
        money = Money.SAID if _SAYS_MONEY.search(message) else Money.UNSAID
        return cls(what.rstrip(), money, after_doubt=what != message)

    def __str__(self) -> str:
        earlier = EARLIER_CALL if self.after_doubt else ""
        parts = (f"{self.what}{self._words_of_money}".strip(), self.more, earlier)
        return " ".join(part for part in parts if part)

    def fields(self) -> dict[str, Any]:
        return {
            "error_message": str(self),
            "error_what": self.what,
            "error_money": self.money,
            "error_more": self.more,
            "after_doubt": self.after_doubt,
        }

    @property
    def _words_of_money(self) -> str:
        if self.money is Money.NOTHING and self.after_doubt:
            return _NOTHING_THIS_TIME
        return _WORDS.get(self.money, "")
