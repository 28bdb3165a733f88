"""SQL and Lua stand in files: one statement each, with a word on what it is for, loaded once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.source import ROOT, files, name_of, python_files, tree_of

CODE = python_files("imagestudio", "jobs")
SQL = files("jobs", ".sql") + files("imagestudio", ".sql")
LUA = files("jobs", ".lua") + files("imagestudio", ".lua")

BEGINS = re.compile(r"\s*(--|SELECT|WITH|INSERT|UPDATE|DELETE|MERGE)\s")
IS_LUA = re.compile(r"redis\.p?call\(")
LONG = 100  # One line of code.


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_a_long_statement_is_no_string_in_python(path: Path) -> None:
    long = [f"line {node.lineno}" for node in texts_of(tree_of(path)) if is_long_statement(node)]

    assert long == []


@pytest.mark.parametrize("path", SQL + LUA, ids=name_of)
def test_a_statement_begins_with_what_it_is_for(path: Path) -> None:
    assert re.match(r"-- [A-Z].*[.:?]\n", path.read_text().replace("\n-- ", " "))


@pytest.mark.parametrize("path", SQL + LUA, ids=name_of)
def test_a_statement_is_loaded_by_one_module_beside_it(path: Path) -> None:
    call = f'statement(__package__, "{path.name}")'
    beside = path.parent.parent.glob("*.py")

    assert len([module for module in beside if call in module.read_text()]) == 1


@pytest.mark.parametrize("path", SQL, ids=name_of)
def test_a_file_holds_one_statement(path: Path) -> None:
    assert ";" not in re.sub(r"--.*", "", path.read_text())


def test_a_long_statement_is_known_by_its_first_word() -> None:
    sql = 'X = """\n    SELECT id\n      FROM jobs_job\n"""'
    pieces = 'X = (\n    "SELECT id, state, fence, attempt, owner_id, team_id, provider, model "\n'
    pieces += '    "FROM jobs_job WHERE state = %s AND owner_id = %s"\n)'
    words = 'def f():\n    """With all that a card shows,\n    and more."""'

    assert [is_long_statement(node) for node in texts_of(ast.parse(sql))] == [True]
    assert [is_long_statement(node) for node in texts_of(ast.parse(pieces))] == [True]
    assert [is_long_statement(node) for node in texts_of(ast.parse(words))] == [False]


def test_container_images_take_the_statements_along() -> None:
    assert "COPY . ." in (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert [line for line in ignored if line.rstrip("*/").endswith(("sql", "lua", "jobs"))] == []


def texts_of(tree: ast.AST) -> Iterator[ast.Constant]:
    """All texts but the bodies of triggers, which are made into migrations where they stand."""
    if isinstance(tree, ast.Call) and ast.unparse(tree.func) == "pgtrigger.Trigger":
        return
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree
    for child in ast.iter_child_nodes(tree):
        yield from texts_of(child)


def is_long_statement(node: ast.Constant) -> bool:
    text = str(node.value)
    is_statement = BEGINS.match(text) or IS_LUA.search(text)
    return bool(is_statement) and (len(text) > LONG or "\n" in text)
