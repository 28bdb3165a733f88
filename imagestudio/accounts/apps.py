from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out


class AccountsConfig(AppConfig):
    name = "imagestudio.accounts"
    label = "accounts"
    verbose_name = "People and teams"

    def ready(self) -> None:
        # The stock admin signs people out past allauth; both ways end in Django's own.
        user_logged_out.connect(_note_sign_out)
        user_logged_in.connect(_begin_session)


def _begin_session(sender: object, request: Any, **more: object) -> None:
    from imagestudio.accounts.middleware import begin

    begin(request.session)


def _note_sign_out(sender: object, user: Any, **more: object) -> None:
    from imagestudio.accounts.services import note_sign_out

    note_sign_out(user)
