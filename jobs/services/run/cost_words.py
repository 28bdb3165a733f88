"""What may be said about money; a call of unknown outcome is never forgotten by a later one."""

from jobs.models import Job

NOTHING_SPENT = "Nothing was spent"
EARLIER_CALL = "An earlier call of this job may have been billed."


def not_forgetting(message: str, is_doubtful: bool) -> str:
    """The message, which speaks of the last call, with a word about the calls before it."""
    if not is_doubtful:
        return message
    return f"{message.replace(NOTHING_SPENT, f'{NOTHING_SPENT} this time')} {EARLIER_CALL}"


def closing(message: str, job: Job) -> str:
    """A last word on a job for which nothing more will be sent."""
    return not_forgetting(f"{message} {NOTHING_SPENT}.", job.may_be_billed)
