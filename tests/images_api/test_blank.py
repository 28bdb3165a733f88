import pytest

from imagestudio.images_api.blank import is_blank
from tests.corpus.invisible import INVISIBLE, VISIBLE, Text


@pytest.mark.parametrize("text", INVISIBLE, ids=lambda text: text.name)
def test_field_u16_it_takes_what_nobody_can_see_for_nothing(text: Text) -> None:
    assert is_blank(text.value)


@pytest.mark.parametrize("text", VISIBLE, ids=lambda text: text.name)
def test_field_u16_it_takes_what_can_be_seen_for_words(text: Text) -> None:
    assert not is_blank(text.value)
