"""What somebody who can write to Valkey may leave there for us to read."""

import marshal
import os
import pickle
from dataclasses import dataclass


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (os.environ["STUDIO_BOMB"],)


def pickled_bomb(mark: str) -> bytes:
    """Makes the folder `mark` when it is read by pickle."""
    os.environ["STUDIO_BOMB"] = mark
    try:
        return pickle.dumps(_Bomb())
    finally:
        del os.environ["STUDIO_BOMB"]


@dataclass(frozen=True, slots=True)
class Planted:
    name: str
    data: bytes


UNREADABLE = (
    Planted("a pickle", pickle.dumps({"_auth_user_id": "1"})),
    Planted("an old pickle", pickle.dumps({"a": 1}, protocol=0)),
    Planted("marshalled code", marshal.dumps(compile("1", "x", "eval"))),
    Planted("yaml that names a class", b"!!python/object/apply:os.system ['id']"),
    Planted("half of a JSON text", b'j{"_auth_user_id": "'),
    Planted("a JSON text without end", b"j" + b"[" * 200_000),
    Planted("bytes that are no text", b"j\xff\xfe"),
    Planted("nothing", b""),
)
