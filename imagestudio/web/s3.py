"""Pictures in S3, by a client that gives up in seconds: sweeper and pages must not hang with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from s3transfer.exceptions import RetriesExceededError
from storages.backends.s3 import S3File, S3Storage

from imagestudio.web.storage import StorageAway

BOUNDS = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2})
# None of them is an OSError, and nobody beyond this file should have to know their names.
_FAULTS = (Boto3Error, BotoCoreError, ClientError, RetriesExceededError)


class BoundedS3Storage(S3Storage):  # type: ignore[misc]
    """Raises StorageAway for whatever the service does not do."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        chosen: Config = vars(self)["client_config"]
        self.client_config = chosen.merge(BOUNDS)

    def exists(self, name: str) -> bool:
        with _faults_told():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        with _faults_told():
            super().delete(name)

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with _faults_told():
            folders, files = super().listdir(name)
            return folders, files

    def _open(self, name: str, mode: str = "rb") -> S3File:
        with _faults_told():
            found = super()._open(name, mode)
            # It would come with the first read: whoever has opened it can count on its bytes.
            found.open()
            return found

    def _save(self, name: str, content: File[bytes]) -> str:
        with _faults_told():
            return str(super()._save(name, content))


@contextmanager
def _faults_told() -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        raise StorageAway(str(error)) from error
