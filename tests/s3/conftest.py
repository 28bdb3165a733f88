"""A real S3 server on loopback, which checks signatures and conditions."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import auth
from botocore.exceptions import BotoCoreError, ClientError
from pytest_django import Settings

from imagestudio.engines import clock
from imagestudio.web.storage_url import storage_of

READY_WITHIN_S = 60.0
BUCKET = "studio"
# Each of its servers opens a port of its own, at a fixed number unless told.
PORTS = ("s3", "master", "filer", "volume", "admin")


@dataclass(frozen=True)
class S3Server:
    endpoint: str

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/pictures?endpoint={self.endpoint}&region=us-east-1"

    def keys(self) -> list[str]:
        listing = self._client().list_objects_v2(Bucket=BUCKET)
        return [each["Key"] for each in listing.get("Contents", ())]

    def is_ready(self) -> bool:
        try:
            self._client().head_bucket(Bucket=BUCKET)
        except (BotoCoreError, ClientError):
            return False
        return True

    def _client(self) -> Any:  # boto3 makes its classes as it runs.
        return boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1")


@pytest.fixture(scope="session")
def real_time() -> Iterator[None]:
    """This server has no libc, so a moved clock never reaches it: what it reads is signed by the
    real one."""
    offset = timedelta(seconds=int(os.environ.get(clock.OFFSET, "0")))
    with pytest.MonkeyPatch.context() as patch:
        now = auth.get_current_datetime
        patch.setattr(auth, "get_current_datetime", lambda *given: now(*given) - offset)
        yield


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory, real_time: None) -> Iterator[S3Server]:
    folder = tmp_path_factory.mktemp("s3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "alice")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "a long enough secret")
        port, arguments = _ports()
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [_program(), "mini", f"-dir={folder}", f"-bucket={BUCKET}", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"HOME": str(folder)},
            )
        server = S3Server(f"http://127.0.0.1:{port}")
        try:
            _wait(server, process)
            yield server
        finally:
            _stop(process)


@pytest.fixture
def s3(s3_server: S3Server, settings: Settings) -> S3Server:
    settings.STORAGES = settings.STORAGES | {"default": storage_of(s3_server.url)}
    return s3_server


@pytest.fixture
def no_s3(s3_server: S3Server, settings: Settings) -> None:
    """The same settings, but nobody answers there."""
    with _free_socket() as free:
        port = free.getsockname()[1]
    url = f"s3://{BUCKET}?endpoint=http://127.0.0.1:{port}&region=us-east-1"
    settings.STORAGES = settings.STORAGES | {"default": storage_of(url)}


def _program() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        pytest.skip("no S3 server is installed")
    return found


def _ports() -> tuple[int, list[str]]:
    sockets = [_free_socket() for _ in range(2 * len(PORTS))]
    free = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    arguments = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-admin.ui=false", "-webdav=false"]
    arguments += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]
    for place, name in enumerate(PORTS):
        arguments += [f"-{name}.port={free[2 * place]}", f"-{name}.port.grpc={free[2 * place + 1]}"]
    return free[0], arguments


def _free_socket() -> socket.socket:
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    return free


def _wait(server: S3Server, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_WITHIN_S
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > until:
            pytest.fail("the S3 server did not start")
        time.sleep(0.2)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    process.kill()
    process.wait()
