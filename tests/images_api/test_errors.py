from __future__ import annotations

import pytest

from imagestudio.images_api.errors import ImagesApiError, clean_text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("two\r\n\tlines", "two lines"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("null\x00byte", "null byte"),
        ("right\u202eto left", "right to left"),
        ("  spaces  ", "spaces"),
        ("日本 é 🦊", "日本 é 🦊"),
        ("<b>kept</b>", "<b>kept</b>"),
    ],
)
def test_it_cleans_a_text(text: str, clean: str) -> None:
    assert clean_text(text) == clean


def test_it_cuts_a_text_to_its_limit() -> None:
    assert clean_text("a" * 50, 10) == "a" * 9 + "…"


def test_it_keeps_a_text_that_just_fits() -> None:
    assert clean_text("a" * 10, 10) == "a" * 10


def test_it_bounds_what_an_error_carries() -> None:
    error = ImagesApiError("m", categories=tuple("c" * 500 for _ in range(500)))

    assert len(error.categories) == 20
    assert len(error.categories[0]) == 100
