"""What a worker does beside its jobs: keep its decoders ready and the lists of models fresh."""

import logging
import threading

from django.conf import settings

from imagestudio.images_api.calls import Call
from imagestudio.images_api.errors import ImagesApiError
from imagestudio.images_api.providers import Provider
from imagestudio.web.database import FAILED, release_connection
from imagestudio.web.loops import every, keep_doing_aside
from jobs.services.pictures import intake
from jobs.services.queue import providers
from jobs.services.run import upstream

logger = logging.getLogger(__name__)

ASK_DEADLINE_S = 20.0


def start() -> None:
    """Begin, in threads that end with their process."""
    threading.Thread(target=intake.warm_up, name="decoders", daemon=True).start()
    keep_doing_aside("catalogue", ask_all, every(settings.LIST_MODELS_EVERY_S))


def ask_all() -> None:
    for provider in providers.every():
        if provider.can_list_models:
            _ask(provider)


def _ask(provider: Provider) -> None:
    """A list that can't be read changes nothing: the table in our code goes on."""
    try:
        found = upstream.client_of(provider).list_models(call=Call(ASK_DEADLINE_S))
        providers.keep_listing(provider, found)
    except (ImagesApiError, *FAILED) as error:
        words = str(error) or type(error).__name__
        logger.warning("the models of %s could not be listed: %s", provider.name, words)
    finally:
        release_connection()
