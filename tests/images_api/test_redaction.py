"""No key leaves the worker in a stranger's words."""

from __future__ import annotations

import pytest

from imagestudio.images_api.errors import ImagesApiError, clean_text
from imagestudio.images_api.known_servers import providers_of
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.redaction import HIDDEN, redact, redact_document
from tests.corpus.echoes import ECHOES, HARMLESS, OTHERS, OURS, SHORT, Echo


@pytest.fixture(autouse=True)
def two_providers() -> None:
    """What makes a key known is that a provider holds it."""
    Provider("ours", "https://a.example/v1", OURS)
    Provider("others", "https://b.example/v1", OTHERS)
    Provider("short", "https://c.example/v1", SHORT)


@pytest.mark.parametrize("echo", ECHOES, ids=lambda echo: echo.name)
def test_field_f04_it_takes_keys_out_of_every_text(echo: Echo) -> None:
    told = f"{clean_text(echo.text)} {ImagesApiError(echo.text, code=echo.text).code}"

    assert [secret for secret in echo.secrets if secret in told] == []
    assert echo.stays in told
    assert HIDDEN in told


@pytest.mark.parametrize("text", HARMLESS)
def test_field_f04_it_leaves_sentences_about_keys_alone(text: str) -> None:
    assert clean_text(text) == text


def test_field_f04_it_shows_no_half_of_a_key_where_a_text_is_cut() -> None:
    for filler in range(20, 60):
        cut = clean_text(" " * 100 + "x" * filler + " " + OTHERS, 60)

        assert OTHERS[:6] not in cut


def test_field_f04_it_hides_keys_that_no_provider_has() -> None:
    providers_of(sandbox_url="", openai_url="", openai_key="", listed="", keys={"x": "zz-9-plural"})

    assert redact("said zz-9-plural") == f"said {HIDDEN}"


def test_field_f04_it_cleans_whole_documents() -> None:
    document = {"data": [{"revised_prompt": f"a fox {OTHERS}"}], OTHERS: 1, "n": 2}

    assert redact_document(document) == {
        "data": [{"revised_prompt": f"a fox {HIDDEN}"}],
        HIDDEN: 1,
        "n": 2,
    }


def test_field_f04_it_takes_linear_time() -> None:
    hostile = "Bearer " * 20_000 + "://a" * 20_000 + "eyJ" * 20_000 + "sk-" * 20_000

    assert redact(hostile)
