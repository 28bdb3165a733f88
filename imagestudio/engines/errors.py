import shutil
from pathlib import Path


class StudioError(Exception):
    """A sentence for the person at the terminal; the command prints it and ends with 1."""


def failure(what: str, said: str, log: Path) -> StudioError:
    """What went wrong with the end of the log, or the one cause that hides all words."""
    # On a full disk the log itself may have stayed empty.
    if "No space left on device" in said or shutil.disk_usage(log.parent).free < 1_000_000:
        return StudioError(f"The disk of {log.parent} is full: free some space and start again.")
    return StudioError(f"{what} The end of {log}:\n{said}")
