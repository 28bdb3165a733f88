"""Somebody will grep for the standard term: it stands in a docstring of the module of its row."""

import ast
import re

import pytest

from tests.house.source import ROOT, tree_of

# | **Term, other term** (standard term) | meaning | `its/module.py`, ... |
ROW = re.compile(
    r"^\| \*\*(?P<terms>.+?)\*\*(?: \((?P<standard>.+?)\))? \|.*\| `(?P<module>[\w/]+\.py)`"
)
# A word that tells two terms apart is no term.
TELLS_APART = ("of ", "to ")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def terms_of(row: re.Match[str]) -> list[str]:
    standard = row["standard"] or ""
    others = "" if standard.startswith(TELLS_APART) else standard
    terms = [*row["terms"].split(", "), *others.split(", ")]
    return [term.strip("`") for term in terms if term and "..." not in term]


def rows() -> list[tuple[str, str]]:
    """Each term with the first module of its row."""
    found = map(ROW.match, (ROOT / "docs/glossary.md").read_text().splitlines())
    return [(term, row["module"]) for row in found if row for term in terms_of(row)]


@pytest.mark.parametrize(("term", "module"), rows())
def test_a_term_stands_in_a_docstring_of_its_module(term: str, module: str) -> None:
    nodes = [node for node in ast.walk(tree_of(ROOT / module)) if isinstance(node, DOCUMENTED)]
    docstrings = " ".join(ast.get_docstring(node) or "" for node in nodes)

    assert re.search(rf"\b{re.escape(term)}", " ".join(docstrings.split()), re.IGNORECASE)


def test_rows_are_read_with_all_their_terms() -> None:
    assert ("fencing token", "jobs/queries.py") in rows()
    assert ("supervisor", "imagestudio/engines/launcher.py") in rows()
    assert ("of a member", "jobs/services/presets.py") not in rows()
