"""What several rows have in common: an answer that says no, a job to its end, storage away."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.rig import Rig
from tests.upstream import Behaviour


def refusal(code: str, message: str = "no", **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "x", "param": None, "code": code, **more}}


def outcome(rig: Rig, *plan: Behaviour, **fields: str) -> dict[str, Any]:
    """How a job ends whose calls are answered like this, and how many calls it took."""
    sent = rig.submit(*plan, **fields)
    job = rig.wait_until(sent)
    return job | {"calls": rig.calls(sent), "images": image_rows(rig, sent.id)}


def image_rows(rig: Rig, job_id: str) -> list[tuple[Any, ...]]:
    return rig.rows('SELECT "index", format FROM jobs_image WHERE job_id = %s ORDER BY 1', job_id)


@contextmanager
def away(rig: Rig, folder: Path) -> Iterator[None]:
    """In place of the folder there is something that holds no files."""
    aside = folder.with_name(f"{folder.name}-away")
    # Whoever makes a missing folder anew must not do so between the two steps.
    with rig.standstill():
        folder.rename(aside)
        folder.write_text("not mounted")
    try:
        yield
    finally:
        with rig.standstill():
            folder.unlink()
            aside.rename(folder)
