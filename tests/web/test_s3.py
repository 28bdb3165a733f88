"""That it speaks S3 is proven against a real server elsewhere; here, that it never waits long."""

import socket
from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from imagestudio.web.s3 import BoundedS3Storage
from imagestudio.web.storage import StorageAway


def test_it_gives_up_in_seconds_and_keeps_what_was_chosen() -> None:
    storage = BoundedS3Storage(bucket_name="b", addressing_style="path", signature_version="s3v4")

    config = storage.client_config
    assert (config.connect_timeout, config.read_timeout) == (5, 30)
    assert config.retries == {"total_max_attempts": 2}
    assert (config.s3["addressing_style"], config.signature_version) == ("path", "s3v4")


@pytest.mark.parametrize(
    "use",
    [
        lambda storage: storage.open("images/a.png"),
        lambda storage: storage.exists("images/a.png"),
        lambda storage: storage.save("images/a.png", ContentFile(b"picture")),
        lambda storage: storage.delete("images/a.png"),
        lambda storage: storage.listdir("images"),
    ],
    ids=["open", "exists", "save", "delete", "listdir"],
)
def test_a_service_that_is_away_is_an_error_of_storage(use: Callable[[Storage], object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    keys = {"access_key": "alice", "secret_key": "a long enough secret"}
    storage = BoundedS3Storage(
        bucket_name="b", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", **keys
    )

    with pytest.raises(StorageAway):
        use(storage)
