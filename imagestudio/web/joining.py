"""Joining style sheets and modules into one file each, when static files are collected.

The sources stay as browsers take them, and each page then costs two requests rather than ninety. Of
the language only what our own sources use is understood; anything else is an error, never a guess.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator
from graphlib import CycleError, TopologicalSorter

Read = Callable[[str], str]

_CSS_IMPORT = re.compile(r'^@import url\("(?P<part>[^":]+)"\)(?: layer\((?P<layer>\w+)\))?;$', re.M)
_CSS_URL = re.compile(r'url\("(?P<path>\.[^"]+)"\)')
_JS_IMPORT = re.compile(
    r'^import (?:(?P<names>\{[^}]*\}) from )?"(?P<part>\.[^"]+)";$', re.MULTILINE
)
_JS_DYNAMIC = re.compile(r'\bimport\("(?P<part>\.[^"]+)"\)')
_JS_EXPORT = re.compile(
    r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE
)
_JS_EXPORT_LIST = re.compile(r"^export \{(?P<names>[\w, ]*)\};$", re.MULTILINE)
_JS_LEFT = re.compile(r"^(?:import|export)\b.*|\bimport\.meta\b", re.MULTILINE)


class NotJoined(ValueError):
    """A source is written in a way that is not understood here."""


def joined_css(entry: str, read: Read) -> str:
    """The entry with each part that it imports in its place, in its layer."""

    def part(found: re.Match[str]) -> str:
        path = _resolved(entry, found["part"])
        text = read(path)
        if "@import" in text:
            raise NotJoined(f"{path} imports another style sheet; only {entry} may")
        text = _CSS_URL.sub(lambda url: f'url("{_seen_from(entry, path, url["path"])}")', text)
        return f"@layer {found['layer']} {{\n{text}}}\n" if found["layer"] else text

    text = _CSS_IMPORT.sub(part, read(entry))
    if "@import" in text:
        raise NotJoined(f'{entry}: an import is written as @import url("a.css") layer(b);')
    return text


def css_parts(entry: str, read: Read) -> set[str]:
    return {_resolved(entry, found["part"]) for found in _CSS_IMPORT.finditer(read(entry))}


def js_parts(entry: str, read: Read) -> list[str]:
    """All modules that the entry needs at once, each behind those that it needs itself."""
    graph: dict[str, list[str]] = {}
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path not in graph:
            graph[path] = list(_imports(path, read(path)))
            waiting += graph[path]
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise NotJoined(f"modules import each other: {' → '.join(error.args[1])}") from None


def joined_js(entry: str, read: Read, *, base: str = "", there: Collection[str] = ()) -> str:
    """One module of all parts. Those that are `there` already come from the joined `base`."""
    parts = js_parts(entry, read)
    ours = [path for path in parts if path not in there]
    lines = [_scoped(path, read(path), entry) for path in ours]
    if base:
        address = posixpath.relpath(base, posixpath.dirname(entry))
        lines.insert(0, f'import {{ parts }} from "{_dotted(address)}";\n')
        lines[1:1] = [
            f'const {_name(path)} = parts["{path}"];\n' for path in parts if path in there
        ]
    else:
        listed = ", ".join(f'"{path}": {_name(path)}' for path in ours)
        lines.append(f"export const parts = {{ {listed} }};\n")
    return "".join(lines)


def _imports(path: str, text: str) -> Iterator[str]:
    return (_resolved(path, found["part"]) for found in _JS_IMPORT.finditer(text))


def _scoped(path: str, text: str, entry: str) -> str:
    """A module as a function that is called once and gives what the module exports."""
    exports = [found["name"] for found in _JS_EXPORT.finditer(text)]
    for found in _JS_EXPORT_LIST.finditer(text):
        exports += [name.strip() for name in found["names"].split(",")]

    def taken(found: re.Match[str]) -> str:
        names = (found["names"] or "").replace(" as ", ": ")
        return f"const {names} = {_name(_resolved(path, found['part']))};" if names else ""

    body = _JS_EXPORT_LIST.sub("", _JS_EXPORT.sub("", _JS_IMPORT.sub(taken, text)))
    body = _JS_DYNAMIC.sub(lambda at: f'import("{_seen_from(entry, path, at["part"])}")', body)
    if left := _JS_LEFT.search(body):
        raise NotJoined(f"{path}: not understood here: {left.group()}")
    return f"const {_name(path)} = (() => {{\n{body}return {{ {', '.join(exports)} }};\n}})();\n"


def _name(path: str) -> str:
    return "part_" + re.sub(r"\W", "_", path)


def _resolved(path: str, relative: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), relative))


def _seen_from(entry: str, path: str, relative: str) -> str:
    """The same file, addressed from where the joined one lies."""
    return _dotted(posixpath.relpath(_resolved(path, relative), posixpath.dirname(entry)))


def _dotted(address: str) -> str:
    return address if address.startswith(".") else f"./{address}"
