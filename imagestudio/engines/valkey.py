"""The embedded Valkey: the doorbell, the cache and the limits. Nothing is lost with it."""

import os
import socket
from pathlib import Path

from imagestudio.engines.home import Home, valkey_program
from imagestudio.engines.processes import Child


class Valkey:
    name = "valkey"

    def __init__(self, home: Home, password: str, log: Path, *, throwaway: bool = False) -> None:
        self.home = home
        self.log = log
        self._password = password
        self._throwaway = throwaway
        self._program = valkey_program(home.account)

    def prepare(self) -> None:
        self.home.room("valkey")

    def child(self, port: int) -> Child:
        return Child(
            name=self.name,
            # The settings come by the standard input, which keeps the password off `ps`.
            argv=(str(self._program), "-"),
            stdin=self._settings(port).encode(),
            cwd=self.home.folder,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            log=self.log,
            account=self.home.account,
            stop_wave=2,
        )

    def url(self, port: int) -> str:
        return f"redis://:{self._password}@127.0.0.1:{port}/0"

    def answers(self, port: int) -> bool:
        """Whether a login and a PING work."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as replies:
                    return [replies.readline(), replies.readline()][1] == b"+PONG\r\n"
        except OSError:
            return False

    def _settings(self, port: int) -> str:
        keep = "no" if self._throwaway else "yes"
        return (
            "bind 127.0.0.1\n"
            f"port {port}\n"
            f"requirepass {self._password}\n"
            f"dir {_quoted(self.home.folder / 'valkey')}\n"
            f"appendonly {keep}\n"
            "appendfsync everysec\n"
            'save ""\n'
            # An evicting broker would drop messages without a word.
            "maxmemory-policy noeviction\n"
        )


def _quoted(path: Path) -> str:
    """A path may hold a space, which would end the value."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
