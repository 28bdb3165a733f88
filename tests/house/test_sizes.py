"""Short enough to be read at a glance."""

from pathlib import Path
from statistics import median

import pytest

from tests.house.source import ROOT, files, functions_of, line_count, name_of, python_files

CODE = python_files("imagestudio", "jobs")


def lengths(paths: tuple[Path, ...]) -> list[int]:
    return [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in paths
        for node in functions_of(path)
    ]


@pytest.mark.parametrize("path", CODE + python_files("tests"), ids=name_of)
def test_a_file_has_fewer_than_400_lines(path: Path) -> None:
    assert line_count(path) < 400


def test_no_function_has_more_than_50_lines() -> None:
    too_long = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in CODE
        for node in functions_of(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > 50
    ]

    assert too_long == []


def test_the_middle_function_has_eight_lines_or_so() -> None:
    assert median(lengths(CODE)) <= 9


def test_nineteen_of_twenty_functions_have_fewer_than_30_lines() -> None:
    ordered = sorted(lengths(CODE))

    assert ordered[int(len(ordered) * 0.95)] < 30


@pytest.mark.parametrize("path", files("templates", ".html"), ids=name_of)
def test_a_template_has_fewer_than_150_lines(path: Path) -> None:
    assert line_count(path) < 150


@pytest.mark.parametrize("path", files("static", ".js"), ids=name_of)
def test_a_script_has_fewer_than_200_lines(path: Path) -> None:
    assert line_count(path) < 200


@pytest.mark.parametrize("path", files("static", ".css"), ids=name_of)
def test_a_stylesheet_has_fewer_than_250_lines(path: Path) -> None:
    assert line_count(path) < 250


def test_there_is_something_to_measure() -> None:
    assert (ROOT / "manage.py").exists()
    assert len(CODE) > 40
