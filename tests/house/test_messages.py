"""A message is for people. Whoever rewords one must not change what the studio does."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.source import name_of, python_files, tree_of

MESSAGES = {"message", "error_message"}
MESSAGES_OF_ROWS = MESSAGES | {"error_what", "error_more", "told"}
LOOKS = {"split", "rsplit", "partition", "rpartition", "replace", "startswith", "endswith"}
LOOKS |= {"find", "rfind", "index", "rindex", "count", "removeprefix", "removesuffix"}
PATTERNS = {"search", "match", "fullmatch", "findall", "finditer", "sub", "subn"}
# What services say to their own errors is all that there is to go by, and is read there only; so
# are the messages that an earlier release wrote, which kept nothing beside them.
READERS = {
    *(
        f"imagestudio/images_api/{name}.py"
        for name in ("codes", "envelopes", "families", "replies")
    ),
    "jobs/telling.py",
}
CODE = python_files("imagestudio", "jobs")


def test_nothing_goes_by_a_piece_of_a_message() -> None:
    found = {name_of(path): list(looks_into_messages(tree_of(path))) for path in CODE}

    assert {name: lines for name, lines in found.items() if lines and name not in READERS} == {}
    assert all(found[name] for name in READERS)


@pytest.mark.parametrize(
    "line",
    [
        'if "values" not in problem.message: pass',
        'near = "Try " in message',
        'text = job.error_message.split(";")[0]',
        'if job.told.startswith("Nothing"): pass',
        'text = message.replace("Nothing", "Little")',
        'if error.message == "No.": pass',
        'found = re.search("billed", job.error_message)',
        "found = BILLED.search(error.message)",
        'if "busy" in str(error.message).lower(): pass',
    ],
)
def test_each_way_to_look_into_one_is_seen(line: str) -> None:
    assert list(looks_into_messages(ast.parse(line))) == ["line 1"]


@pytest.mark.parametrize(
    "line",
    [
        'text = " ".join(problem.message for problem in problems)',
        "text = error.message.strip()",
        "alike = one.message == other.message",
        'if path in ("/one", "/two"): pass',
    ],
)
def test_showing_and_comparing_whole_ones_is_free(line: str) -> None:
    assert list(looks_into_messages(ast.parse(line))) == []


def looks_into_messages(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (isinstance(node, ast.Compare) and _compares(node)) or (
            isinstance(node, ast.Call) and _asks(node)
        ):
            yield f"line {node.lineno}"


def _compares(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    if any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops):
        return any(map(_is_message, node.comparators))
    has_text = any(isinstance(side, ast.Constant) and side.value for side in sides)
    return has_text and any(map(_is_message, sides))


def _asks(node: ast.Call) -> bool:
    """Whether a method is called on a message, or a pattern is held against one."""
    if not isinstance(node.func, ast.Attribute):
        return False
    on_it = node.func.attr in LOOKS and _is_message(node.func.value)
    return on_it or (node.func.attr in PATTERNS and any(map(_is_message, node.args)))


def _is_message(node: ast.expr) -> bool:
    """A message, perhaps in small letters or made sure to be text."""
    if isinstance(node, ast.Call):
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return any(_is_message(each) for each in (inner, *node.args) if each is not None)
    if isinstance(node, ast.Attribute):
        return node.attr in MESSAGES_OF_ROWS
    return isinstance(node, ast.Name) and node.id in MESSAGES
