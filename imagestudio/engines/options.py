"""What `manage.py studio` was asked for, and the socket that it listens on."""

import argparse
import errno
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from imagestudio.engines.data import default_data, folder_named
from imagestudio.engines.environment import given
from imagestudio.engines.errors import StudioError
from imagestudio.engines.start import free_port


@dataclass(frozen=True, slots=True)
class Options:
    host: str
    port: int
    data: Path


def read_options(arguments: Sequence[str], env: Mapping[str, str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="manage.py studio",
        description="Starts the whole studio; Ctrl-C ends it.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (%(default)s)")
    parser.add_argument(
        "--data",
        type=folder_named,
        default=default_data(),
        help="folder for database, pictures and logs (%(default)s, or STUDIO_DATA)",
    )
    options = Options(**vars(parser.parse_args(arguments)))
    if not _is_loopback(options.host) and not given(env, "STUDIO_ORIGIN"):
        raise StudioError(
            f"--host {options.host} lets other machines in, so the studio must know its public "
            "address: set STUDIO_ORIGIN, for example to https://studio.example.org."
        )
    return options


def listen(options: Options) -> socket.socket:
    """The one socket that all web processes inherit: it outlives each of them."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit it; the servers see a bare descriptor and would not set it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((options.host, options.port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        raise StudioError(_why_not_listening(options, error)) from None
    return listener


def local_address(options: Options, port: int) -> str:
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{port}"


def _why_not_listening(options: Options, error: OSError | OverflowError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"Port {options.port} is taken by another program: "
            f"choose another one, for example --port {free_port()}."
        )
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return f"Port {options.port} is for root only: choose one above 1023 by --port."
    return f"The studio can't listen on {options.host} port {options.port}: {error}."


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
