"""Ids of rows: UUIDv7, so that id order is creation order and pages can be cut by id alone."""

import sys
import uuid

if sys.version_info >= (3, 14):
    uuid7 = uuid.uuid7
else:
    from uuid_utils.compat import uuid7

__all__ = ["uuid7"]
