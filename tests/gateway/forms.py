"""Multipart bodies as clients spell them."""

from collections.abc import Iterable

BOUNDARY = "otter"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def form(texts: dict[str, str], files: Iterable[tuple[str, bytes]]) -> bytes:
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in texts.items()
    ]
    parts += [
        f'Content-Disposition: form-data; name="{name}"; filename="../../etc/passwd.exe"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content in files
    ]
    line = f"--{BOUNDARY}".encode()
    return b"".join(line + b"\r\n" + part for part in parts) + line + b"--\r\n"
