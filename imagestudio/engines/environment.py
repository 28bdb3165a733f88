"""What the children of the studio, and other commands, find in their environment.

Standard library only: `manage.py` commands read it where the embedded engines are not installed.
"""

import ctypes
import os
from collections.abc import Mapping
from pathlib import Path

from imagestudio.engines.errors import StudioError

WEB_PROCESSES = 2  # Where STUDIO_WEB_PROCESSES says nothing.
OWNER = "DATABASE_OWNER_URL"
SHARED = (
    "DATABASE_URL",
    OWNER,
    "REDIS_URL",
    "CACHE_URL",
    "STORAGE_URL",
    "EMAIL_URL",
    "OPENAI_BASE_URL",
)
# What only the launcher needs, or only the children that it gives them to.
KEPT_BACK = (
    "STUDIO_ADMIN_PASSWORD",
    "STUDIO_ADMIN_PASSWORD_FILE",
    "STUDIO_NO_BOOTSTRAP",
    "STUDIO_PROVIDER_KEYS",
    "STUDIO_PROVIDER_KEYS_FILE",
)


def environment_of_children(
    base: Mapping[str, str], data: Path, secret_key: str, engines: Mapping[str, str]
) -> dict[str, str]:
    """The person's environment, with what the launcher decided filled in where it is silent."""
    env = dict(base)
    # Each start would compile the whole project anew.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    if "DATABASE_URL" in engines:
        # They would bend the way to our own cluster, which has no TLS and no service file.
        env = {name: value for name, value in env.items() if not name.startswith("PG")}
    for name, value in {**engines, "STUDIO_SECRET_KEY": secret_key}.items():
        if not is_set(base, name):
            env[name] = value
    env.pop("STUDIO_DATA_FILE", None)  # It would go before the folder that was chosen.
    return env | {
        "STUDIO_DATA": str(data),
        "STUDIO_NO_BOOTSTRAP": "1",
        "DJANGO_SETTINGS_MODULE": "imagestudio.settings",
        "PYTHONUNBUFFERED": "1",
    }


def shared_with_commands(env: Mapping[str, str]) -> dict[str, str]:
    """What another `manage.py` command must know to work on the same studio."""
    return {
        name: value
        for name, value in env.items()
        if name.startswith(("STUDIO_", "AWS_")) or name.removesuffix("_FILE") in SHARED
        if name not in KEPT_BACK
    }


def forget(name: str) -> None:
    """Take a secret out of this process for good.

    Dropping a variable only takes it off the list: its text stays in the block of memory that
    `/proc/PID/environ` shows for as long as the process lives. So the text goes first.
    """
    text = os.environ.get(name, "")
    place = ctypes.CDLL(None).getenv
    place.restype, place.argtypes = ctypes.c_void_p, (ctypes.c_char_p,)
    if text and (address := place(os.fsencode(name))):
        ctypes.memset(address, 0, len(os.fsencode(text)))
    os.environ.pop(name, None)


def web_processes(env: Mapping[str, str]) -> int:
    """How many of them share the visitors, and so each limit that one counts for itself."""
    text = given(env, "STUDIO_WEB_PROCESSES") or str(WEB_PROCESSES)
    if not text.isdecimal() or int(text) < 1:
        raise StudioError(f"STUDIO_WEB_PROCESSES is {text!r}, and not a number from 1 on.")
    return int(text)


def given(env: Mapping[str, str], name: str) -> str:
    """What the person gave, as a value or in a file; empty where there is neither.

    The file goes first, as in the settings: the two must never read different things.
    """
    path = env.get(f"{name}_FILE")
    if not path:
        return env.get(name, "").strip()
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise StudioError(f"{name}_FILE names no file to read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise StudioError(f"{name}_FILE names a file that is not text.") from None


def is_set(env: Mapping[str, str], name: str) -> bool:
    """Whether the person gave it, as a value or as the path of a file that holds it."""
    return bool(env.get(name) or env.get(f"{name}_FILE"))
