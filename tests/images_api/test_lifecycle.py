from __future__ import annotations

from datetime import date

import pytest

from imagestudio.images_api.capabilities import ListedModel, offered, problems
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.types import ImageRequest

TODAY = date(2026, 11, 29)


def test_it_reads_a_list_of_models() -> None:
    listed = ListedModel.read_list(
        {
            "data": [
                {"id": "gpt-image-2", "shutdown_date": "2027-03-01"},
                {"id": "gpt-image-2.6-flare", "shutdown_date": None},
                {"id": "gpt-5.6-terra"},
            ]
        }
    )

    assert listed == (
        ListedModel("gpt-image-2", date(2027, 3, 1)),
        ListedModel("gpt-image-2.6-flare"),
        ListedModel("gpt-5.6-terra"),
    )


@pytest.mark.parametrize(
    "document", [None, [], {}, {"data": None}, {"data": 7}, {"data": [None, 1, {}, {"id": 5}]}]
)
def test_it_reads_no_models_from_what_is_no_list(document: object) -> None:
    assert ListedModel.read_list(document) == ()


@pytest.mark.parametrize("day", ["soon", "2027-13-01", 20270301])
def test_it_takes_a_strange_date_for_none(day: object) -> None:
    listed = ListedModel.read_list({"data": [{"id": "x", "shutdown_date": day}]})

    assert listed == (ListedModel("x"),)


def test_it_warns_as_soon_as_the_provider_names_a_date() -> None:
    specs = offered(TODAY, listed=[ListedModel("gpt-image-2", date(2027, 3, 1))])

    [spec] = [spec for spec in specs if spec.name == "gpt-image-2"]
    assert spec.warning(TODAY) == (
        "GPT Image 2 ends on 1 March 2027. Use gpt-image-2.6-flare instead."
    )


def test_it_stops_offering_what_the_provider_has_ended() -> None:
    names = {spec.name for spec in offered(TODAY, listed=[ListedModel("gpt-image-2", TODAY)])}

    assert "gpt-image-2" not in names


def test_a_model_that_is_not_listed_is_offered_all_the_same() -> None:
    assert offered(TODAY, listed=[ListedModel("gpt-image-2")]) == offered(TODAY)


def test_a_server_is_asked_for_nothing_that_it_does_not_serve() -> None:
    provider = from_json(
        {"preset": "localai", "name": "house", "base_url": "http://x", "models": ["flux-dev"]}
    )

    def ask(model: str) -> list[str]:
        request = ImageRequest(model=model, prompt="an otter")
        return [problem.message for problem in problems(request, TODAY, provider)]

    assert ask("flux-dev") == []
    assert ask("gpt-image-2") == ["house serves flux-dev, not gpt-image-2."]
