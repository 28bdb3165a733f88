"""Whoever looks at the rig from a browser, and what they were shown."""

from __future__ import annotations

import re

import requests

from tests.studio import Visitor, fields_of


class Witness(Visitor):
    """A visitor who writes down every status that people saw."""

    def __init__(self, base_url: str, statuses: list[int]) -> None:
        super().__init__(base_url)
        self._session.hooks["response"].append(lambda r, *_, **__: statuses.append(r.status_code))

    def upload(self, picture: bytes, page: requests.Response) -> str:
        """Bring a picture as the composer's script does; gives its id."""
        response = self._session.post(
            f"{self._base_url}/uploads/",
            data={"csrfmiddlewaretoken": fields_of(page.text, "/jobs/")["csrfmiddlewaretoken"]},
            files={"file": ("fox.png", picture, "image/png")},
            headers={"Referer": f"{self._base_url}/"},
            timeout=60,
        )
        assert response.status_code == 201, (response.status_code, response.text[:1000])
        found = re.search(r"/uploads/([0-9a-f-]{36})/", response.text)
        assert found
        return found.group(1)
