"""Where blobs lie, said in one address. Read by the settings, so it knows none of them."""

from urllib.parse import parse_qsl, unquote, urlsplit


def storage_of(url: str) -> dict[str, object]:
    """`file:///folder` or `s3://bucket/prefix?endpoint=...&region=...` as a Django storage."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme == "file":
        return {
            "BACKEND": "imagestudio.web.storage.WriteOnceFileStorage",
            "OPTIONS": {"location": unquote(parts.path), "base_url": None},
        }
    return {
        "BACKEND": "imagestudio.web.s3.BoundedS3Storage",
        "OPTIONS": {
            "bucket_name": parts.netloc,
            "location": parts.path.strip("/"),
            "endpoint_url": query.get("endpoint"),
            "region_name": query.get("region"),
            "signature_version": "s3v4",
            "addressing_style": "path" if query.get("endpoint") else "auto",
            "file_overwrite": False,
            "default_acl": None,
            "querystring_auth": True,
            "querystring_expire": 60,
        },
    }
