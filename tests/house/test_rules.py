"""Rules of the house that no linter knows."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.house.source import ROOT, files, functions_of, name_of, python_files, tree_of

DOORS = python_files("jobs/pages", "jobs/gateway")
CODE = python_files("imagestudio", "jobs")
WRITING = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create"}
WRITING |= {"update_or_create", "move", "take_back", "claim", "raw"}
READS_ENVIRONMENT = ("imagestudio/settings.py", "imagestudio/engines/")


def called_methods(path: Path) -> list[tuple[int, ast.Attribute]]:
    return [
        (node.lineno, node.func)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]


@pytest.mark.parametrize("path", DOORS, ids=name_of)
def test_a_door_writes_nothing(path: Path) -> None:
    writes = [
        f"line {line}: .{method.attr}()"
        for line, method in called_methods(path)
        if method.attr in WRITING and not _is_a_plain_value(method.value)
    ]

    assert writes == []


@pytest.mark.parametrize("path", DOORS, ids=name_of)
def test_a_door_opens_no_transaction(path: Path) -> None:
    """Neither by itself, nor by a service that opens one for its caller."""
    words = {word for node in ast.walk(tree_of(path)) for word in _words_of(node)}

    assert words & (TRANSACTIONAL | lent_transactions()) == set()
    assert "connection.cursor" not in path.read_text()


TRANSACTIONAL = {"transaction", "atomic", "on_commit", "savepoint", "select_for_update"}


@cache
def lent_transactions() -> set[str]:
    """The context managers of the services that open a transaction."""
    return {
        function.name
        for path in python_files("jobs/services")
        for function in functions_of(path)
        if any(ast.unparse(each) == "contextmanager" for each in function.decorator_list)
        and "transaction.atomic" in ast.unparse(function)
    }


def _words_of(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return {word}
        case ast.ImportFrom(names=names):
            return {each.name for each in names}
        case _:
            return set()


def test_there_is_a_transaction_that_no_door_may_borrow() -> None:
    assert "transaction_of" in lent_transactions()


def _is_a_plain_value(node: ast.expr) -> bool:
    """`digest.update(...)`, `session.update(...)` write no row."""
    words = ast.unparse(node).lower()
    return any(word in words for word in ("digest", "hash", "session", "context", "params"))


def test_only_the_machine_writes_state() -> None:
    guilty = []
    for path in CODE:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                writes = node.func.attr in {"update", "create"}
                if writes and any(keyword.arg == "state" for keyword in node.keywords):
                    guilty.append(name_of(path))
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(t, ast.Attribute) and t.attr == "state" for t in targets):
                    guilty.append(name_of(path))

    assert set(guilty) <= {"jobs/queries.py"}


def test_no_raw_statement_writes_state_outside_the_machine() -> None:
    writing = re.compile(r"UPDATE\s+jobs_job\s+SET\s+state\s*=", re.IGNORECASE)
    places = CODE + tuple(files("jobs", ".sql"))
    guilty = [name_of(path) for path in places if writing.search(path.read_text())]

    assert guilty == ["jobs/sql/claim.sql"]


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_the_environment_is_read_in_one_place(path: Path) -> None:
    if name_of(path).startswith(READS_ENVIRONMENT):
        return
    text = path.read_text().replace('os.environ.setdefault("DJANGO_SETTINGS_MODULE"', "")

    assert "os.environ" not in text
    assert "os.getenv" not in text


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_production_code_asserts_nothing(path: Path) -> None:
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree_of(path)))


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_there_are_no_signals_of_our_own(path: Path) -> None:
    assert "django.dispatch" not in path.read_text()
    assert "db.models.signals" not in path.read_text()


INLINE = re.compile(
    r"""\sstyle=|\son[a-z]+=|\shx-on|\sjs:|<style|javascript:|\|\s*safe\b|\{%\s*autoescape\s+off"""
)
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)")


@pytest.mark.parametrize("path", files("templates", ".html"), ids=name_of)
def test_a_template_has_nothing_inline(path: Path) -> None:
    text = re.sub(r"\{%.*?%\}", "", path.read_text(), flags=re.DOTALL)

    assert INLINE.findall(text) == []
    assert INLINE_SCRIPT.findall(text) == []


@pytest.mark.parametrize("path", files("templates", ".html"), ids=name_of)
def test_a_fragment_says_what_it_needs(path: Path) -> None:
    if path.name.startswith("_"):
        assert path.read_text().startswith(("{#", "{% comment"))


@pytest.mark.parametrize("path", files("static", ".js"), ids=name_of)
def test_a_script_evaluates_no_text(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"\beval\(|new Function\(|document\.write|innerHTML\s*=", text)


def test_the_init_that_the_bootstrap_needs_is_empty() -> None:
    assert (ROOT / "imagestudio/__init__.py").read_text() == ""
    assert (ROOT / "imagestudio/engines/__init__.py").read_text() == ""


@pytest.mark.parametrize("path", files("templates", ".html"), ids=name_of)
def test_a_comment_ends_on_its_line(path: Path) -> None:
    """Django prints one that does not, for everybody to read."""
    lines = path.read_text().splitlines()

    assert [line for line in lines if line.count("{#") != line.count("#}")] == []


@pytest.mark.parametrize("path", files("templates", ".html"), ids=name_of)
def test_a_fragment_names_its_presenters_where_they_are(path: Path) -> None:
    named = re.findall(r"\b(jobs(?:\.[a-z_]+)+)\.([A-Z]\w+)", path.read_text())
    modules = [(ROOT / module.replace(".", "/")).with_suffix(".py") for module, _ in named]

    for module, (_, name) in zip(modules, named, strict=True):
        assert f"\nclass {name}" in module.read_text()


def test_no_class_name_means_two_things() -> None:
    """But for those that a framework asks for by name."""
    homes: dict[str, list[str]] = {}
    for path in CODE:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and node.name not in NAMED_BY_DJANGO:
                homes.setdefault(node.name, []).append(name_of(path))

    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


NAMED_BY_DJANGO = {"Command", "Meta", "Migration"}


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_a_small_constant_stands_above_its_first_use(path: Path) -> None:
    """Tables of many lines may follow what they are for."""
    body = tree_of(path).body
    parts = [each for each in body if isinstance(each, ast.FunctionDef | ast.ClassDef)]
    used: dict[str, int] = {}
    for part in parts:
        for node in ast.walk(part):
            if isinstance(node, ast.Name):
                used.setdefault(node.id, part.lineno)
    made_here = {part.name for part in parts}

    late = [
        name
        for each in body
        if isinstance(each, ast.Assign) and each.end_lineno is not None
        if isinstance(target := each.targets[0], ast.Name) and (name := target.id).isupper()
        if each.end_lineno - each.lineno < 3 and used.get(name, each.lineno) < each.lineno
        if not {node.id for node in ast.walk(each) if isinstance(node, ast.Name)} & made_here
    ]

    assert late == []


# Columns and settings of held jobs, which any module may pass on.
OF_HELD_JOBS = {"held_until", "HELD_POLICY", "HELD_RETRIES", "HELD_DEADLINE_S"}


@pytest.mark.parametrize("path", [*CODE, *python_files("bench")], ids=name_of)
def test_held_means_that_the_outcome_is_unknown(path: Path) -> None:
    """A request that waits is pending, and a job that a limit delays has its reason."""
    nodes = list(ast.walk(tree_of(path)))
    if any(isinstance(node, ast.Attribute) and node.attr == "HELD" for node in nodes):
        return  # Works on the state itself.
    fields = ("id", "attr", "arg", "name")
    names = {getattr(node, field, None) for node in nodes for field in fields} - OF_HELD_JOBS

    assert [each for each in names if "held" in str(each).lower().split("_")] == []
