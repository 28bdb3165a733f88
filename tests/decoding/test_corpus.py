"""Every file of the corpus, through the one gate."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.services.pictures import intake
from jobs.services.pictures.intake import Facts
from tests.decoding import corpus
from tests.decoding.corpus import Case, Refused, Taken

every_case = pytest.mark.parametrize("case", corpus.ALL.values(), ids=corpus.ALL.keys())


@every_case
def test_field_u02_it_judges_an_answer(case: Case, tmp_path: Path) -> None:
    # The name lies, as names do.
    path = tmp_path / "answer.jpg"
    path.write_bytes(case.make())

    assert_becomes(case.as_result, lambda: intake.inspect(path))


@every_case
def test_field_u02_it_judges_an_upload(case: Case, tmp_path: Path) -> None:
    path, copy = tmp_path / "upload.png", tmp_path / "copy"
    path.write_bytes(case.make())

    assert_becomes(case.as_upload, lambda: intake.accept_upload(path, copy))

    assert copy.exists() == isinstance(case.as_upload, Taken)
    assert {each.name for each in tmp_path.iterdir()} <= {"upload.png", "copy"}


def test_there_are_enough_of_them() -> None:
    assert len(corpus.ALL) >= 60


def test_it_lets_go_of_nothing_but_the_copy_of_an_upload(tmp_path: Path) -> None:
    path, copy = tmp_path / "upload.png", tmp_path / "copy"
    path.write_bytes(corpus.ALL["png"].make())

    facts = intake.accept_upload(path, copy)

    assert intake.inspect(copy) == facts


def assert_becomes(expected: Taken | Refused, judge: Callable[[], Facts]) -> None:
    if isinstance(expected, Refused):
        with pytest.raises(intake.NotAPicture) as refusal:
            judge()
        assert expected.because in str(refusal.value)
        return
    facts = judge()
    found = Taken(facts.format, facts.width, facts.height, facts.frames, facts.is_whole)
    assert found == expected
