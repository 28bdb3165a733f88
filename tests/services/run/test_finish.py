"""Two have the same answer in their hands: a worker, and the sweeper that thought it dead."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PosixPath
from typing import IO, Any

import pytest

from imagestudio.images_api.types import Answer
from jobs.models import Image, Job
from jobs.services.run.finish import finish
from jobs.services.run.spool import SpoolEntry
from jobs.states import State
from tests.conftest import MakeJob
from tests.services.answers import leave_answer

pytestmark = pytest.mark.django_db


class Watched(PosixPath):
    """A file whose opening lets somebody else act before anything more is done with it."""

    act: Callable[[], object]

    def open(self, *args: Any, **kwargs: Any) -> IO[Any]:  # type: ignore[override]
        file: IO[Any] = super().open(*args, **kwargs)
        self.act()
        return file


@dataclass(frozen=True)
class Overtaken(SpoolEntry):
    """Somebody else acts while the first picture of the answer is being looked at."""

    act: Callable[[], object]

    def read(self) -> Answer:
        answer = super().read()
        path = Watched(answer.images[0].path)
        path.act = self.act
        return replace(answer, images=(replace(answer.images[0], path=path),))


def test_who_comes_second_ends_nothing_and_fails_at_nothing(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    entry = leave_answer(job)
    overtaken = Overtaken(job.pk, job.fence, lambda: finish(job, entry))

    assert not finish(job, overtaken)

    assert Job.objects.get(pk=job.pk).state == State.SUCCEEDED
    assert Image.objects.filter(job=job).count() == 1
    assert not entry.folder.exists()


def test_a_file_that_vanishes_from_an_answer_of_ours_is_an_error(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    entry = leave_answer(job)
    overtaken = Overtaken(job.pk, job.fence, (entry.folder / "0.part").unlink)

    with pytest.raises(FileNotFoundError):
        finish(job, overtaken)

    assert Job.objects.get(pk=job.pk).state == State.RUNNING


def test_who_comes_when_all_is_done_and_cleared_away_ends_nothing(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    entry = leave_answer(job)
    assert finish(Job.objects.get(pk=job.pk), entry)

    assert not finish(job, entry)

    assert Image.objects.filter(job=job).count() == 1


def test_an_answer_of_ours_that_vanishes_as_a_whole_is_an_error(make_job: MakeJob) -> None:
    job = make_job(state=State.RUNNING)
    entry = leave_answer(job)
    entry.discard()

    with pytest.raises(FileNotFoundError):
        finish(job, entry)

    assert Job.objects.get(pk=job.pk).state == State.RUNNING
