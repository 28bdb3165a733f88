"""Error answers that are the same every time, whichever part of the gateway gives them."""

from jobs.gateway.api.errors import ErrorAnswer
from jobs.services.queue.circuit_breaker import ACCOUNT_REFUSED
from jobs.states import ErrorCode

ENGINES_AWAY = ErrorAnswer(
    status=503,
    message="The studio's database is away for the moment. Nothing was started.",
    code="server_is_overloaded",
    again=True,
    retry_after_s=5,
)
OUR_FAULT = ErrorAnswer(
    status=500,
    message="The studio had an error of its own. Its log says more.",
    code="server_error",
    again=False,
)
BUSY = ErrorAnswer(
    status=503,
    message="More requests come in than this studio takes at once. Nothing was started.",
    code="server_is_overloaded",
    again=True,
    retry_after_s=2,
)
TOO_MANY = ErrorAnswer(
    status=429,
    message="As many requests wait here as this studio holds. Try again in a moment.",
    code="too_many_waiting",
    again=True,
    retry_after_s=5,
)
TOO_MANY_OF_YOURS = ErrorAnswer(
    status=429,
    message="As many requests of yours wait here as one member may have. Try again in a moment.",
    code="too_many_waiting",
    again=True,
    retry_after_s=5,
)
TOO_MUCH_OF_YOURS = ErrorAnswer(
    status=429,
    message="As many bytes of yours are on their way here as one member may have. Try again.",
    code="too_many_bytes",
    again=True,
    retry_after_s=5,
    headers={"connection": "close"},  # What was not read is not the next request.
)
STORAGE_AWAY = ErrorAnswer(
    status=503,
    message="The studio's storage is away for the moment. Nothing was started.",
    code="server_is_overloaded",
    again=True,
    retry_after_s=5,
)
NO_TEXT = ErrorAnswer(
    status=400,
    message="Your request holds a character that is no text. Nothing was started.",
    code="invalid_value",
)
TOO_SLOW = ErrorAnswer(
    status=408,
    message="The body of your request came too slowly. Nothing was started.",
    code="request_timeout",
    again=True,
)
GOING_DOWN = ErrorAnswer(
    status=503,
    message=(
        "The studio is being restarted. A job that was accepted goes on; its id is in the header"
        " x-studio-job-id."
    ),
    code="restarting",
    again=False,
)
ACCOUNT_CLOSED = ErrorAnswer(
    status=503,
    message=f"{ACCOUNT_REFUSED} The admins were told. Nothing was started.",
    code=ErrorCode.ACCOUNT,
    again=False,
)
DAMAGED = ErrorAnswer(
    status=500,
    message="A picture of this job is missing or damaged in storage. Please tell an admin.",
    code="image_unavailable",
    again=False,
)
FILE_GONE = ErrorAnswer(
    status=404,
    message="There is no such file here for this address. A signed address works for an hour, and"
    " as long as its API key may be used and its owner may see the picture.",
    code="file_not_found",
)


def queue_full(queued: int) -> ErrorAnswer:
    return ErrorAnswer(
        status=429,
        message=f"{queued} jobs of yours wait already. Send more when they have begun.",
        code="queue_full",
        again=True,
        retry_after_s=10,
        headers={"x-studio-queue-depth": str(queued)},
    )


def unsettled(*, joins: bool) -> ErrorAnswer:
    """The database went away in the middle of an order and did not come back in time."""
    return ErrorAnswer(
        status=504,
        message=(
            "The studio's database went away while this job was being accepted. Whether it goes on"
            " is to be seen in the history."
        ),
        code=ErrorCode.OUTCOME_UNKNOWN,
        again=joins,
        retry_after_s=5 if joins else None,
    )
