"""The one application behind the port: /v1 and quiet polls beside Django, all else to Django."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imagestudio.settings")
pages: Any = get_asgi_application()

# Only now: these need the settings and the apps.
from django.conf import settings  # noqa: E402

from imagestudio.accounts.senders import sender_of  # noqa: E402
from imagestudio.web.bodies import BoundedBodies  # noqa: E402
from imagestudio.web.chunked import App, KnownLength, Receive, Scope, Send  # noqa: E402
from imagestudio.web.ear import Ear  # noqa: E402
from imagestudio.web.health import Alive  # noqa: E402
from jobs.gateway.api.addresses import is_for_programs  # noqa: E402
from jobs.gateway.server.app import Gateway  # noqa: E402
from jobs.gateway.server.cross_origin import CrossOrigin  # noqa: E402
from jobs.pages.job.quiet import QuietPolls  # noqa: E402

# The addresses of forms that may bring pictures along.
WITH_PICTURES = frozenset(
    f"jobs:{name}"
    for name in ("submit", "composer", "upload", "preset_apply", "preset_save", "preset_remove")
)


class Studio:
    """Sends each request through the door that it is meant for."""

    def __init__(self, pages: App, gateway: Gateway) -> None:
        self._pages = pages
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and is_for_programs(scope):
            await self._gateway(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._gateway.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._gateway.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


ear = Ear()
known = KnownLength(pages, settings.GATEWAY_MAX_BODY_BYTES)
bodies = BoundedBodies(known, sender_of, WITH_PICTURES)
polls = QuietPolls(bodies, ear)
application = Alive(CrossOrigin(Studio(polls, Gateway(ear))))
