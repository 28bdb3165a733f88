import re
from collections.abc import Callable

from django.conf import settings
from django.test import Client

from imagestudio.accounts.models import User

SignIn = Callable[[User], Client]


def test_it_comes_once_with_the_studio(client_of: SignIn, alice: User) -> None:
    page = client_of(alice).get("/").content.decode()

    assert page.count("<layer-editor>") == 1


def test_it_is_not_for_those_who_only_look(client_of: SignIn, vera: User) -> None:
    assert "<layer-editor>" not in client_of(vera).get("/").content.decode()


def test_none_of_its_icons_is_missing_from_the_sprite(client_of: SignIn, alice: User) -> None:
    page = client_of(alice).get("/").content.decode()
    editor = page.partition("<layer-editor>")[2].partition("</layer-editor>")[0]
    wanted = set(re.findall(r"icons[^\"]*\.svg#([\w-]+)", editor))

    sprite = (settings.BASE_DIR / "static" / "icons.svg").read_text()

    assert len(wanted) > 15
    assert wanted <= set(re.findall(r'<symbol id="([\w-]+)"', sprite))
