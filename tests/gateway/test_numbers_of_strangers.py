"""No number of an address or a header is read further than it may go."""

from __future__ import annotations

import pytest

from imagestudio.web.numbers import whole_number
from jobs.gateway.api.fields import GENERATION
from jobs.gateway.api.parsing import parse, read_texts
from jobs.states import State
from tests.conftest import MakeJob
from tests.gateway.asgi import Program

HUGE = "9" * 5000  # Longer than Python turns into a number.


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "limit", ["000001000", "000001" + "9" * 19, "0100", HUGE, "1e2", "²", "-1"]
)
def test_w17_it_gives_no_more_than_a_page(limit: str, program: Program, make_job: MakeJob) -> None:
    make_job(state=State.SUCCEEDED, images=1)

    answer = program.call("GET", f"/v1/studio/images?limit={limit}")

    assert (answer.status, answer.error["param"]) == (400, "limit")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "header", ["Content-Length", "X-Stainless-Retry-Count", "X-Stainless-Read-Timeout", "Prefer"]
)
def test_w17_a_number_of_a_header_has_an_end_too(header: str, program: Program) -> None:
    value = f"respond-async, wait={HUGE}" if header == "Prefer" else HUGE

    assert program.call("GET", "/v1/models", headers={header: value}).status == 200


@pytest.mark.parametrize("number", [2_147_483_647, 10**15 - 1])
@pytest.mark.parametrize("is_form", [True, False])
def test_a_number_of_a_request_is_read_up_to_its_largest(number: int, is_form: bool) -> None:
    texts = {"model": "m", "prompt": "p", "frame_duration_ms": str(number)}
    values = (
        read_texts(texts.items(), GENERATION) if is_form else texts | {"frame_duration_ms": number}
    )

    assert parse("generate", values, GENERATION).request.frame_duration_ms == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("100", 100), ("007", 7), ("101", None), ("0007", None), ("", None), (HUGE, None)],
)
def test_w17_it_reads_plain_digits(text: str, number: int | None) -> None:
    assert whole_number(text, 100) == number
