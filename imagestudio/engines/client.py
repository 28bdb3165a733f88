"""Other `manage.py` commands: they work on the studio that runs in the data folder."""

import os
from collections.abc import Mapping, Sequence

from imagestudio.engines.data import DataFolder, default_data
from imagestudio.engines.environment import OWNER, is_set
from imagestudio.engines.errors import StudioError

# These do their work without any engine; the values only let the settings load.
NEED_NO_ENGINES = (
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "makemigrations",
    "version",
)
NEED_NO_ENGINES_WITH = ("--help", "-h", "--version")
# These change tables, so they act as the role that owns them.
NEED_THE_OWNER = ("migrate",)
PLACEHOLDERS = {
    "DATABASE_URL": "postgres://studio@127.0.0.1:9/imagestudio",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "STUDIO_SECRET_KEY": "only-to-load-the-settings-nothing-is-signed-with-this",
}


def borrow_environment(arguments: Sequence[str]) -> str | None:
    """Fill in what the running studio knows; a sentence when the command can't work."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imagestudio.settings")
    has_own_database = is_set(os.environ, "DATABASE_URL")
    try:
        folder = DataFolder(default_data())
        state = folder.running()
    except StudioError as error:
        return None if has_own_database else str(error)
    if state:
        needs_owner = arguments[:1] and arguments[0] in NEED_THE_OWNER and not has_own_database
        _fill_in({n: v for n, v in state.environment.items() if n != OWNER or needs_owner})
        if not _needs_no_engines(arguments):
            # What it adds to the studio's data is no more for others than the rest.
            os.umask(0o077)
    elif _needs_no_engines(arguments):
        _fill_in(PLACEHOLDERS)
    elif not has_own_database:
        return (
            f"No studio runs in {folder.path}: start it with `python3 manage.py studio` and give "
            "this command again, set STUDIO_DATA to its folder, or set DATABASE_URL to a server."
        )
    return None


def _fill_in(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if not is_set(os.environ, name):
            os.environ[name] = value


def _needs_no_engines(arguments: Sequence[str]) -> bool:
    command = arguments[0] if arguments else "help"
    return command in NEED_NO_ENGINES or any(a in NEED_NO_ENGINES_WITH for a in arguments)
