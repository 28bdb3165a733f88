"""That it speaks S3 is proven against a real server elsewhere; here, that it never waits long."""

from imagestudio.web.s3 import BoundedS3Storage


def test_it_gives_up_in_seconds_and_keeps_what_was_chosen() -> None:
    storage = BoundedS3Storage(bucket_name="b", addressing_style="path", signature_version="s3v4")

    config = storage.client_config
    assert (config.connect_timeout, config.read_timeout) == (5, 30)
    assert config.retries == {"total_max_attempts": 2}
    assert (config.s3["addressing_style"], config.signature_version) == ("path", "s3v4")
