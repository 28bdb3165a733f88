"""Half a form is no form, and letters are those that were written."""

from __future__ import annotations

import re
from typing import Any

import pytest

from jobs.models import Job, JobInput, Upload
from jobs.states import InputRole
from tests.corpus import broken_forms as corpus
from tests.corpus.broken_forms import END, HALF, HEAD, LETTERS, MASK, MODEL, PROMPT, SEA, WHOLE
from tests.gateway.asgi import Answer, Program

pytestmark = pytest.mark.django_db(transaction=True)

LATER = {"Prefer": "respond-async"}


def send(program: Program, body: bytes, headers: dict[str, str] = HEAD) -> Answer:
    return program.call("POST", "/v1/images/edits", body=body, headers=headers | LATER)


@pytest.mark.parametrize("half", HALF, ids=lambda each: each.name)
def test_field_f10_it_refuses_half_a_form(half: corpus.HalfForm, program: Program) -> None:
    answer = send(program, half.body, half.headers or HEAD)

    assert (answer.status, answer.error["code"]) == (400, "invalid_form")
    assert not Job.objects.exists()
    assert not Upload.objects.exists()


def test_field_f10_it_says_that_something_may_be_missing(program: Program) -> None:
    message = send(program, WHOLE[:-60]).error["message"]

    assert re.search(r"ends before its closing line.*Nothing was started", message)


@pytest.mark.parametrize(
    "body",
    [
        WHOLE,
        WHOLE[:-2],  # Nothing needs to follow the closing line.
        WHOLE + b"a word behind it",
        b"a word before it\r\n" + WHOLE,
        WHOLE.replace(b"--otter\r\n", b"--otter  \r\n"),
        WHOLE.replace(b"hat that", b"--otter hat\r\n--other--\r\nthat"),
    ],
)
def test_field_f10_it_takes_every_form_that_is_whole(body: bytes, program: Program) -> None:
    assert send(program, body).status == 202

    roles = set(JobInput.objects.values_list("role", flat=True))
    assert roles == {InputRole.IMAGE, InputRole.MASK}


def test_field_f10_a_delimiter_at_any_place_of_a_piece_is_found(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in range(1, 14):
        monkeypatch.setattr("jobs.gateway.api.multipart.CHUNK", size * 7)
        assert send(program, WHOLE).status == 202

    assert JobInput.objects.filter(role=InputRole.MASK).count() == 13


@pytest.mark.parametrize("filename", ["蒙版.png".encode("gbk"), b"..", b"a\0b.png", b"x" * 2000])
def test_field_f10_no_mask_vanishes_with_a_name_that_nobody_can_read(
    filename: bytes, program: Program
) -> None:
    body = MODEL + PROMPT + corpus.file("image", SEA) + corpus.file("mask", MASK, filename) + END

    assert send(program, body).status == 202
    assert JobInput.objects.filter(role=InputRole.MASK).exists()


def test_field_f10_a_field_of_a_browser_with_no_file_chosen_is_not_given(program: Program) -> None:
    body = MODEL + PROMPT + corpus.file("image", SEA) + corpus.file("mask", b"", b"") + END

    assert send(program, body).status == 202


@pytest.mark.parametrize("letters", LETTERS, ids=lambda each: each.name)
def test_field_f11_it_reads_the_letters_that_were_written(
    letters: corpus.Letters, program: Program
) -> None:
    of_all = corpus.text("_charset_", letters.of_all) if letters.of_all else b""
    prompt = corpus.text("prompt", letters.prompt, letters.head)

    answer = send(program, MODEL + prompt + of_all + corpus.file("image", SEA) + END)

    if letters.meant is None:
        assert (answer.status, answer.error["code"]) == (400, "invalid_encoding")
        assert answer.error["param"] == "prompt"
        assert not Job.objects.exists()
    else:
        assert Job.objects.get().prompt == letters.meant


def test_field_f11_the_texts_of_a_form_have_a_limit(program: Program, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    answer = send(program, MODEL + corpus.text("prompt", b"x" * 1001) + END)

    assert (answer.status, answer.error["code"]) == (413, "request_too_large")
