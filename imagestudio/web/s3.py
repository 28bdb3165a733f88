"""Pictures in S3, by a client that gives up in seconds: sweeper and pages must not hang with it."""

from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage

BOUNDS = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2})


class BoundedS3Storage(S3Storage):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        chosen: Config = vars(self)["client_config"]
        self.client_config = chosen.merge(BOUNDS)
