# ruff: noqa: RUF001 - Letters that look alike are what this is about.
"""Words are found as people mean them: in any order, and however a keyboard writes a letter."""

import unicodedata
from collections.abc import Callable

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Job
from tests.conftest import MakeJob

SignIn = Callable[[User], Client]


@pytest.mark.parametrize(
    ("prompt", "query"),
    [
        ("a fox sleeping in the deep snow\nunder pines", "fox snow"),
        ("a fox sleeping in the deep snow\nunder pines", "snow under"),
        ("a fox sleeping in the deep snow\nunder pines", "FOX  sleeping"),
        ("a fox sleeping\u3000in the snow", "sleeping\u00a0in"),
        ("Crème brûlée", unicodedata.normalize("NFD", "Crème")),
        (unicodedata.normalize("NFD", "Crème brûlée"), "crème"),
        ("Crème brûlée", "creme brulee"),
        ("creme brulee", "Brûlée"),
        ("the lake of Zürich", "zurich"),
        ("Straße bei Nacht", "STRASSE"),
        ("smørrebrød on a plate", "smorrebrod"),
        ("Łódź from above", "lodz"),
        ("Kırmızı ev in İzmir", "izmir kirmizi"),
        ("Рыжий КОТ", "рыжии кот"),
        ("Ἀθῆναι, Ὀδυσσεύς", "αθηναι οδυσσευσ"),
        ("שָׁלוֹם", "שלום"),
        ("it\u2019s a dog\u2019s day", "it's dog's"),
        ("the \u201cold\u201d mill", '"old"'),
        ("north\u2013south", "north-south"),
        ("\uff26\uff2f\uff38 in \uff11\uff12", "fox 12"),
        ("\uff76\uff9e\uff97\uff7d", "ガラス"),
        ("a zero\u200bwidth joint", "zerowidth"),
        ("100% cotton_bag \\ paper", "100% cotton_bag \\"),
    ],
)
def test_field_u10_it_finds_the_same_letters_in_another_spelling(
    prompt: str, query: str, make_job: MakeJob, alice: User
) -> None:
    job = make_job(prompt=prompt)

    assert list(Job.objects.visible_to(alice).matching(query)) == [job]


@pytest.mark.parametrize("query", ["fox wolf", "f%x", "f_x", "nsow", "\\"])
def test_field_u10_it_finds_nothing_else(query: str, make_job: MakeJob, alice: User) -> None:
    make_job(prompt="a fox sleeping in the deep snow")

    assert not Job.objects.visible_to(alice).matching(query).exists()


def test_field_u10_the_page_searches_so(make_job: MakeJob, client_of: SignIn, alice: User) -> None:
    make_job(prompt="a fox sleeping in the deep snow")

    page = client_of(alice).get("/history/", {"q": "Snow  fóx"}).content.decode()

    assert page.count('class="tile ') == 1
