"""The documents say what is there: every setting, every path, every module."""

import ast
import re
from pathlib import Path

import pytest

from jobs.states import NEXT, State
from tests.house.source import ROOT, files, name_of, python_files, tree_of

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
SETTINGS = ROOT / "docs/settings.md"

# How the names of our variables begin.
OURS = re.compile(r"(STUDIO|OPENAI|CLOCK)_[A-Z0-9_]+|(DATABASE|DATABASE_OWNER|REDIS)_URL")
OF_SETTINGS = re.compile(r'env\.\w+\(\s*"([A-Z_0-9]+)"')

ARCHITECTURE = ROOT / "docs/architecture.md"
# A block of Python whose sentence before it ends on the name of its file.
QUOTED = re.compile(r"`([\w/]+\.py)`(?: is)?:\n\n```python\n(.*?)```", re.DOTALL)
NAMED = re.compile(r"`([^`\n]+)`")
LINKED = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
# By these a name in backquotes is meant as a place of the tree.
TOPS = ("imagestudio", "jobs", "templates", "static", "tests", "bench", "docs", ".ci")


def variables_that_are_read() -> set[str]:
    found = set(OF_SETTINGS.findall((ROOT / "imagestudio/settings.py").read_text()))
    for path in (ROOT / "manage.py", *python_files("imagestudio")):
        texts = (node.value for node in ast.walk(tree_of(path)) if isinstance(node, ast.Constant))
        found |= {text for text in texts if isinstance(text, str) and OURS.fullmatch(text)}
    return {name.removesuffix("_FILE") for name in found}


def variables_that_are_documented() -> set[str]:
    """The names in the first column of the tables."""
    lines = SETTINGS.read_text().splitlines()
    cells = [line.split("|")[1] for line in lines if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", cell)}


def test_every_variable_of_the_environment_is_documented() -> None:
    assert variables_that_are_read() - variables_that_are_documented() == set()


def test_every_documented_variable_is_read() -> None:
    assert variables_that_are_documented() - variables_that_are_read() == set()


def test_every_variable_may_be_given_as_a_file() -> None:
    """`given` reads both, as the settings do; but those of tests and containers."""
    read_directly = {
        text
        for path in python_files("imagestudio/engines")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get"
        for text in [getattr(node.args[0], "value", "")]
        if isinstance(text, str) and OURS.fullmatch(text)
    }

    assert read_directly <= set(SETTINGS.read_text().partition("Only for tests")[2].split("`"))


def test_the_readme_names_no_variable_that_the_settings_page_lacks() -> None:
    names = re.findall(r"`((?:STUDIO|OPENAI)_[A-Z0-9_]+)`", (ROOT / "README.md").read_text())

    assert set(names) <= variables_that_are_documented()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_place_that_a_document_names_is_there(path: Path) -> None:
    missing = [name for name in NAMED.findall(path.read_text()) if is_missing(name)]

    assert missing == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_of_a_document_leads_somewhere(path: Path) -> None:
    targets = [link for link in LINKED.findall(path.read_text()) if "://" not in link]

    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_quoted_code_is_in_the_code_word_for_word(path: Path) -> None:
    changed = [
        source
        for source, code in QUOTED.findall(path.read_text())
        if code.rstrip("\n") not in (ROOT / source).read_text()
    ]

    assert changed == []


def test_the_state_diagram_shows_every_move_and_no_other() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+): ", ARCHITECTURE.read_text(), re.MULTILINE)

    assert sorted(drawn) == sorted((source, target) for source in NEXT for target in NEXT[source])


def test_every_state_has_its_paragraph() -> None:
    told = re.findall(r"^\*\*(\w+)\.\*\* ", ARCHITECTURE.read_text(), re.MULTILINE)

    assert told == [state.value for state in State]


def test_every_name_in_the_recipes_is_in_the_code() -> None:
    code = [*python_files("imagestudio", "jobs", "tests"), *files("templates", ".html")]
    words = set(re.findall(r"\w+", "\n".join(path.read_text() for path in code)))
    named = re.findall(r"`([A-Za-z_]\w+)`", (ROOT / "docs/recipes.md").read_text())
    to_be_filled_in = re.compile(r"(?:^|_)(?:VERB|fNN)(?:_|$)")

    assert {name for name in named if not to_be_filled_in.search(name)} <= words


def test_places_are_told_from_other_words() -> None:
    assert not is_missing("jobs/states.py")
    assert not is_missing("jobs.services.submit.submit")
    assert not is_missing("jobs/migrations/NNNN_topic.py")
    assert not is_missing("jobs_job")
    assert is_missing("jobs/gone.py")
    assert is_missing("jobs.services.gone")
    assert is_missing("jobs.services.submit.gone")


def is_missing(name: str) -> bool:
    """Whether a text names a file, a folder, a module or something in one, that is not there."""
    is_pattern = re.search(r"[A-Z]{3,}|NN", name.replace("README", ""))
    if is_pattern or not re.fullmatch(r"[\w./]+", name):
        return False  # Words, or a name to be filled in.
    if name.partition("/")[0] in TOPS and "/" in name:
        return not (ROOT / name).exists()
    if name.partition(".")[0] in {"imagestudio", "jobs"} and "." in name:
        return not _is_in_python(name.split("."))
    return False


def _is_in_python(parts: list[str]) -> bool:
    place = ROOT.joinpath(*parts)
    if place.is_dir() or place.with_suffix(".py").exists():
        return True
    module, name = place.parent.with_suffix(".py"), parts[-1]
    is_defined = re.compile(rf"^(?:(?:async )?def |class )?{name}\b", re.MULTILINE)
    return module.exists() and bool(is_defined.search(module.read_text()))
