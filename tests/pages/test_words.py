from datetime import timedelta

import pytest

from imagestudio.images_api.types import ImageRequest
from jobs.pages import words


@pytest.mark.parametrize(
    ("microusd", "said"),
    [
        (0, "$0.00"),
        (5_900, "$0.0059"),
        (52_700, "$0.053"),
        (1_234_567, "$1.23"),
        (12_345_000_000, "$12,345.00"),
    ],
)
def test_it_gives_money_the_digits_that_it_deserves(microusd: int, said: str) -> None:
    assert words.money(microusd) == said


def test_it_never_says_zero_for_unknown() -> None:
    assert words.money(None) == "cost unknown"
    assert words.money_range(None, None) == "cost unknown"


def test_it_says_one_number_for_a_narrow_range() -> None:
    assert words.money_range(105_000, 106_000) == "about $0.106"


def test_it_says_both_ends_of_a_wide_range() -> None:
    low, high = words.money_range(20_000, 211_000).split(words.TO)

    assert (low.strip(), high.strip()) == ("$0.020", "$0.211")


def test_it_says_what_it_knows_of_half_a_range() -> None:
    assert words.money_range(None, 211_000) == "up to $0.211"
    assert words.money_range(20_000, None) == "from $0.020"


@pytest.mark.parametrize(
    ("seconds", "said"), [(3.94, "3.9 s"), (42, "42 s"), (125, "2 min 5 s"), (3600, "60 min 0 s")]
)
def test_it_rounds_a_duration_to_what_matters(seconds: float, said: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == said


def test_it_says_nothing_of_a_duration_that_has_not_begun() -> None:
    assert words.duration(None) == ""


def test_it_cuts_a_line_between_words() -> None:
    assert words.shorten("a red fox, asleep in the snow", 12) == "a red fox…"


def test_it_makes_one_line_of_many() -> None:
    assert words.shorten("a red\n  fox", 80) == "a red fox"


@pytest.mark.parametrize(("count", "said"), [(1, "1 picture"), (4, "4 pictures")])
def test_it_counts_pictures(count: int, said: str) -> None:
    assert words.pictures(count) == said


def test_it_leaves_out_settings_that_go_without_saying() -> None:
    plain = ImageRequest(model="gpt-image-2", prompt="a fox", size="1024x1024", quality="low")

    assert words.asked_for(plain) == (f"1024 {words.TIMES} 1024", "Low quality")


def test_it_names_settings_that_are_unusual() -> None:
    special = ImageRequest(
        model="gpt-image-2", prompt="a fox", output_format="webp", background="transparent"
    )

    assert words.asked_for(special)[2:] == ("WebP", "Transparent background")


@pytest.mark.parametrize(("count", "said"), [(2_048, "2 kB"), (2_097_152, "2.0 MB")])
def test_it_measures_files(count: int, said: str) -> None:
    assert words.byte_size(count) == said
