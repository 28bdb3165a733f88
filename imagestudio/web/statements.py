"""SQL statements and Lua scripts: each is a file of its own beside the module that runs it."""

from importlib.resources import files


def statement(package: str, name: str) -> str:
    """The text of `NAME.sql` in the package's folder `sql/`, or of `NAME.lua` in its `lua/`.

    The comment at its head goes along: `pg_stat_activity` shows what a statement is for.
    """
    language = name.rpartition(".")[2]
    return files(package).joinpath(language, name).read_text(encoding="utf-8")
