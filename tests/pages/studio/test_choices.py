"""Why options are closed, each reason said once for all of them."""

import pytest
from django.http import QueryDict

from imagestudio.accounts.models import User
from jobs.pages.studio import choices
from jobs.pages.studio.composition import Composition
from jobs.pages.studio.draft import Draft

pytestmark = pytest.mark.django_db


def composition_of(query: str, user: User) -> Composition:
    return Composition.of(Draft.read(QueryDict(f"prompt=x&{query}")), user)


def test_a_number_in_a_reason_is_not_taken_for_the_choice_that_it_closes(alice: User) -> None:
    previews = choices.previews(composition_of("n=2", alice), {})

    assert previews.why_closed == ("Previews come with 1 image only.",)


def test_one_reason_names_the_two_choices_that_it_closes(alice: User) -> None:
    quality = choices.group(composition_of("model=gpt-image-1.5", alice), "quality", {})

    assert quality.why_closed == ("GPT Image 1.5 has no quality xhigh and max.",)


def test_more_sizes_than_two_are_closed_without_naming_each(alice: User) -> None:
    sizes = choices.sizes(composition_of("output_format=gif&frame_count=16", alice), "")

    said = "16 frames of any of these sizes do not fit on one sheet. Take smaller or fewer frames."
    assert sizes.why_closed == (said,)


@pytest.mark.parametrize(("width", "fits"), [("1000", "1008x1008"), ("1008", "")])
def test_the_nearest_size_is_offered_where_a_size_is_refused(
    width: str, fits: str, alice: User
) -> None:
    query = f"size=custom&width={width}&height={width}"

    free = choices.free_size(composition_of(query, alice))

    assert free
    assert free.fits == fits
