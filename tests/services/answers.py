"""What a worker has on disk once a whole answer came."""

from hashlib import sha256

from imagestudio.images_api.types import Answer, AnswerImage, Usage
from jobs.models import Job
from jobs.services.run.spool import SpoolEntry
from tests.conftest import png

USAGE = {
    "input_tokens": 10,
    "output_tokens": 1756,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 0},
    "output_tokens_details": {"text_tokens": 0, "image_tokens": 1756},
}


def leave_answer(
    job: Job, fence: int | None = None, contents: list[bytes] | None = None
) -> SpoolEntry:
    """What a worker has on disk once a whole answer came."""
    entry = SpoolEntry(job.pk, job.fence if fence is None else fence)
    folder = entry.prepare()
    images = []
    for index, content in enumerate(contents or [png(64, 64)]):
        path = folder / f"{index}.part"
        path.write_bytes(content)
        images.append(AnswerImage(index, path, sha256(content).hexdigest(), len(content)))
    usage = Usage.parse(USAGE)
    entry.commit(Answer(200, "req-1", 1, tuple(images), usage, {"usage": USAGE}, 99, 1.0))
    return entry
