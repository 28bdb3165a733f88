"""What a handler gives back: an answer that is ready, or one that has to be waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from jobs.gateway.api.links import LinkBase
    from jobs.models import Job


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """An answer in JSON."""

    document: Mapping[str, object]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    tells_of: UUID | None = None  # All that there is to say of this job; told, nobody waits for it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A job that is on its way, and how its answer is to look."""

    job_id: UUID
    request_id: str
    link_base: LinkBase
    wait_s: float
    response_format: str = "b64_json"
    is_streamed: bool = False
    is_over: bool = False  # The job had ended before anybody began to wait.
    is_repeatable: bool = False  # It came with an Idempotency-Key, so that asking again is safe.
    counts_tries: bool = False  # Its client says when it sends again, and joins its own job then.
    cancels_on_hang_up: bool = False
    async_after_s: float | None = None  # Then the job's own document is enough (`Prefer: wait=`).
    headers: Mapping[str, str] = field(default_factory=dict)


class Unsettled(Exception):
    """The database went away in the middle of an order: it may have been accepted, or not."""

    def __init__(
        self, answer: Callable[[Job], Pending | ApiResponse], wait_s: float, *, joins: bool
    ) -> None:
        super().__init__("accepted or not")
        self.answer = answer  # For the job, if there is one.
        self.wait_s = wait_s
        self.joins = joins  # A repeat gets the same job for sure.
