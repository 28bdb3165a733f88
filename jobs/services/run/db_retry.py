"""Waiting for the database with something in hand that must be written down."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

from imagestudio.web.database import AWAY

logger = logging.getLogger(__name__)

PATIENCE_S = 600.0
PAUSE_S = 0.5
Written = TypeVar("Written")


def patiently(write: Callable[[], Written]) -> Written:
    """Write until it is written. `write` may have been carried out though it raised.

    Past the patience the error is the caller's: the sweeper then does what is safe without knowing.
    """
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return write()
        except AWAY as error:
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            logger.warning("the database is away (%s); trying again", type(error).__name__)
        connection.close()
        time.sleep(PAUSE_S)
