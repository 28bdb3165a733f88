"""The database where it may be away: what that looks like, and how a connection is given back."""

from __future__ import annotations

from django.db import Error, InterfaceError, InternalError, OperationalError, connection
from psycopg_pool import PoolTimeout

# It can't be asked. That the pool had no place is none of Django's own errors.
UNREACHABLE = (OperationalError, InterfaceError, PoolTimeout)
# Nor can it be written to: an internal error is what a server says that only reads for a while,
# after a failover.
AWAY = (*UNREACHABLE, InternalError)
# Whatever it may say in place of doing what it was asked.
FAILED = (Error, PoolTimeout)
# Classes of SQLSTATE: no connection, shut down or starting, no connection left.
_GONE = ("080", "57P", "533")


def is_gone(error: BaseException) -> bool:
    """Whether it can't be reached at all, so that asking again at once only costs time."""
    if isinstance(error, OperationalError):
        state = getattr(error.__cause__, "sqlstate", None)
        return state is None or state[:3] in _GONE
    return isinstance(error, UNREACHABLE)


def release_connection() -> None:
    """Give this thread's connection back to the pool, before something that may take its time.

    The pool is small, and others wait for a place in it. Whoever is inside a transaction keeps
    the connection: the transaction would be lost with it.
    """
    if not connection.in_atomic_block:
        connection.close()
