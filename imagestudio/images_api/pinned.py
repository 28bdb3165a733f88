"""A connection to the very address that was checked, which its call's watchdog can shut.

The other half of the SSRF guard: nobody resolves the name again, so DNS rebinding leads nowhere.
"""

from __future__ import annotations

import socket
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection

from imagestudio.images_api.calls import Call
from imagestudio.images_api.heads import PatientResponse


class _PinnedMixin:
    """Connects to a given address; the name stays what TLS and the Host header say."""

    _dns_host: str

    def __init__(self, *args: Any, call: Call, address: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._call = call
        self._address = address

    def _new_conn(self) -> socket.socket:
        name, self._dns_host = self._dns_host, self._address or self._dns_host
        try:
            sock: socket.socket = super()._new_conn()  # type: ignore[misc]
            return sock
        finally:
            self._dns_host = name


class PinnedConnection(_PinnedMixin, HTTPConnection):
    response_class = PatientResponse

    def connect(self) -> None:
        super().connect()
        self._call.hold(self.sock)


class PinnedTlsConnection(_PinnedMixin, HTTPSConnection):
    response_class = PatientResponse
    _handshake: socket.socket | None = None

    def connect(self) -> None:
        try:
            super().connect()
        finally:
            self._call.hold(self.sock)
            if self._handshake:
                self._handshake.close()

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        # The handshake takes the descriptor away from `sock`; this second one can still shut it.
        self._handshake = sock.dup()
        self._call.hold(self._handshake)
        return sock
