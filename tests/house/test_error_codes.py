"""Codes are names, and never text that has to be written the same way in two places.

Where the line is: what the studio itself calls an end of a job is an `ErrorCode`, what its client
calls a failure an `OwnCode`. The codes of services stay free text, and `images_api/codes.py` has
those that are known. The errors of the gateway name themselves where they are raised, since they
are neither stored nor compared.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.states import ErrorCode
from tests.house.source import name_of, python_files, tree_of

HOUSE = [path for path in python_files("jobs") if name_of(path) != "jobs/states.py"]
NAMING = [*HOUSE, *python_files("imagestudio/images_api")]
# Only there a keyword that is merely called `code` is a job's or the client's.
OF_CALLS = ("jobs/services/", "imagestudio/images_api/")
# The same word for another thing.
OTHER_MEANINGS = {
    ("jobs/gateway/api/errors.py", "server_error"),  # A type of error in the Images API.
    ("jobs/gateway/api/ready_made.py", "server_error"),  # What the Images API calls our own fault.
    ("jobs/pages/badges.py", "refused"),  # The tone of a badge.
    ("jobs/services/pictures/partials.py", "partial"),  # What the bell says of a preview.
    ("jobs/services/run/heartbeats.py", "storage"),  # What is probed.
}


def test_the_name_of_a_code_is_written_once() -> None:
    codes = {code.value for code in ErrorCode}
    written = {(name_of(path), text) for path in HOUSE for text in texts_of(path) if text in codes}

    assert written == OTHER_MEANINGS


@pytest.mark.parametrize("path", NAMING, ids=name_of)
def test_no_error_code_is_bare_text(path: Path) -> None:
    bare = [
        f"line {node.lineno}: {node.value!r}"
        for value in values_of_codes(path)
        for node in ast.walk(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
    ]

    assert bare == []


def texts_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def values_of_codes(path: Path) -> Iterator[ast.expr]:
    """All that is written into something called an error code, or compared with one."""
    keywords = {"error_code", "code"} if name_of(path).startswith(OF_CALLS) else {"error_code"}
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield from (each.value for each in node.keywords if each.arg in keywords)
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from (value for key, value in pairs if is_text(key, "error_code"))
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(is_a_code(side) for side in sides):
                yield from (side for side in sides if not is_a_code(side))


def is_a_code(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in {"error_code", "code"}


def is_text(node: ast.expr | None, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text
