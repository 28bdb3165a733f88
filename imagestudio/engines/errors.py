class StudioError(Exception):
    """A sentence for the person at the terminal; the command prints it and ends with 1."""


def cannot_start(name: str, said: str) -> StudioError:
    if "No space left on device" in said:
        return StudioError(
            f"The disk is full, so {name} can't start: free some space, start again."
        )
    return StudioError(f"{name} can't start. It said:\n{said}")
