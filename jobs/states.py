"""State machine of a job, whole. Nothing here knows the database.

The triggers are made from NEXT too: what is final stays as it is.
"""

from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    HELD = "held"  # Sent, and no whole answer came: it may have been carried out and billed.
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})
UNFINISHED = frozenset(State) - FINAL

NEXT: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED, State.FAILED}),
    State.RUNNING: frozenset(
        {State.SUCCEEDED, State.QUEUED, State.HELD, State.FAILED, State.CANCELLED}
    ),
    State.HELD: frozenset({State.SUCCEEDED, State.QUEUED, State.CANCELLED, State.FAILED}),
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}


class Policy(StrEnum):
    """What happens to a job of unknown outcome."""

    ASK = "ask"  # A person decides, within the time given.
    NEVER = "never"  # It is closed at once.
    RETRY = "retry"  # It is sent again, which may cost a second time; after so many times, ask.


class Outcome(StrEnum):
    """How one call to the upstream ended."""

    SENT = "sent"  # Under way, or the worker died: nobody knows yet.
    ANSWERED = "answered"
    NOT_SENT = "not_sent"  # Nothing reached the upstream.
    REJECTED = "rejected"  # The upstream said that it did nothing.
    UNUSABLE = "unusable"  # Answered and paid, but without a picture in it.
    UNKNOWN = "unknown"


class ErrorCode(StrEnum):
    """What became of a job or of a call, where the studio itself gives it a name.

    The columns are text, since beside these they hold the codes of providers: what a service calls
    its refusal is kept word for word, and nothing in the studio goes by it.
    """

    # Not every picture that was asked for, or not whole.
    PARTIAL = "partial"
    FLAWED = "flawed"
    BAD_ANSWER = "bad_answer"
    # What the provider said; later calls are judged by these.
    MODERATION_BLOCKED = "moderation_blocked"
    REFUSED = "refused"
    REFUSED_AGAIN = "refused_again"
    ACCOUNT = "account"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    # Nobody knows, or nothing was sent.
    OUTCOME_UNKNOWN = "outcome_unknown"
    UNREACHABLE = "unreachable"
    PROVIDER_CHANGED = "provider_changed"
    STORAGE = "storage"
    POISON = "poison"  # Its workers stopped again and again.
    EXPIRED = "expired"
    # What an ended job's answer came to that was asked for later.
    LATE_GONE = "late_gone"
    NOT_FETCHED = "not_fetched"
    # By people.
    CANCELLED = "cancelled"
    CLOSED = "closed"


class Trouble(StrEnum):
    """Why a provider is not called for a while."""

    DOWN = "down"  # It can't be reached, or fails again and again.
    ACCOUNT = "account"  # It does not accept this studio's key, or its money.


class Source(StrEnum):
    PAGE = "page"
    API = "api"


class Visibility(StrEnum):
    PRIVATE = "private"
    TEAM = "team"


class InputRole(StrEnum):
    """What a picture is for that goes along with a request."""

    IMAGE = "image"
    MASK = "mask"
    MARKUP = "markup"
