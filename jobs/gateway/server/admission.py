"""Admission of a call: first its key and its slot, then its work. All of it in a thread."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import DataError

from imagestudio.accounts.models import ApiKey
from imagestudio.web.chunked import Body
from imagestudio.web.errors import is_no_text
from jobs.gateway.api.calls import ApiCall, ApiRequest
from jobs.gateway.api.errors import ApiError
from jobs.gateway.api.ready_made import NO_TEXT, STORAGE_AWAY
from jobs.gateway.api.replies import ApiResponse, Pending
from jobs.gateway.api.routes import Route
from jobs.gateway.server import authentication, limits
from jobs.gateway.server.connection import ClientConnection
from jobs.gateway.server.waiting_slots import WaitingSlots
from jobs.services.programs import keys

logger = logging.getLogger(__name__)

SMALL_BYTES = 64 * 1024


@dataclass(slots=True)
class Admission:
    call: ApiCall
    route: Route
    args: Mapping[str, str]
    connection: ClientConnection
    slots: WaitingSlots
    _key: ApiKey | None = None
    _has_slot: bool = False

    @property
    def is_small(self) -> bool:
        """A body that takes no room to speak of may come before its key was looked at."""
        length = self.call.content_length
        return self.call.method in ("GET", "HEAD") or (length is not None and length <= SMALL_BYTES)

    def enter(self) -> ApiKey:
        if self._key is None:
            # What is one's own needs no right; the handler looks whose it is.
            needed = None if self.route.is_for_own else self.route.scope
            key = authentication.admit(self.call, needed)
            self.connection.add(limits.take(key))
            keys.note_use(key)
            if self.route.waits:
                self.slots.take(key.owner_id)
                self._has_slot = True
            self._key = key
        return self._key

    def work(self, body: Body) -> Pending | ApiResponse:
        request = ApiRequest(self.call, self.enter(), self.args, body.file, body.byte_count)
        try:
            return self.route.handle(request)
        except (DataError, UnicodeEncodeError) as error:
            if not is_no_text(error):
                raise
            raise ApiError(NO_TEXT) from None
        except FileNotFoundError:
            raise  # It will not be there the next time either.
        except OSError as error:
            # Pictures are stored before the job is ordered.
            logger.warning("pictures can't be taken in: %s", error)
            raise ApiError(STORAGE_AWAY) from None

    def leave(self) -> None:
        if self._has_slot and self._key is not None:
            self._has_slot = False
            self.slots.give_back(self._key.owner_id)
