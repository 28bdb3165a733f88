"""What a waiting job's card says of its place in the queue."""

from jobs.pages import words
from jobs.services.queue.position import QueuePosition
from jobs.services.queue.provider_limits import Reason

SOON_S = 6.0
MINUTE_S = 60.0
REASONS = {
    Reason.PAUSE: "The service asked for a pause.",
    Reason.REQUESTS: "The limit of requests per minute is reached.",
    Reason.IMAGES: "The limit of pictures per minute is reached.",
    Reason.SPEND: "The limit of spend per hour is reached.",
}


def waiting(place: QueuePosition) -> str:
    """Why it waits, how many are ahead, and when it may start: a range, or what is not known."""
    if place.closed is not None:
        return place.closed.text
    reason = REASONS.get(place.reason) if place.reason else None
    return " ".join(part for part in (reason, _ahead(place), _start(place)) if part)


def _ahead(place: QueuePosition) -> str:
    if not place.ahead:
        return ""
    if not place.is_counted:
        return f"More than {place.ahead} are ahead."
    both = [(place.ahead_mine, "of yours"), (place.ahead_others, "of others")]
    told = ", ".join(f"{count} {whose}" for count, whose in both if count)
    return f"Ahead: {told}."


def _start(place: QueuePosition) -> str:
    low_s, high_s = place.starts_in_low_s, place.starts_in_high_s
    if low_s is None:
        return ""
    if high_s is None:
        return f"Starts in {_span(low_s)} or more."
    if high_s <= SOON_S:
        return "Starts any moment."
    if low_s < 1:
        return f"Starts within {_span(high_s)}."
    return f"Starts in {_rounded(low_s, high_s)}."


def _rounded(low_s: float, high_s: float) -> str:
    low, high = _span(low_s), _span(high_s)
    if low == high:
        return f"about {low}"
    same_unit = low.rpartition(" ")[2] == high.rpartition(" ")[2]
    return f"{low.rpartition(' ')[0] if same_unit else low} {words.TO} {high}"


def _span(seconds: float) -> str:
    if seconds < MINUTE_S:
        return f"{max(5, round(seconds / 5) * 5)} s"
    return f"{round(seconds / MINUTE_S)} min"
