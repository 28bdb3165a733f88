"""The rig, the checker behind every row, and the table of rows that is printed at the end."""

import re
from collections.abc import Generator, Iterator

import pytest

from tests.faults import places
from tests.faults.checker import check
from tests.faults.rig import PLACES, Rig, running_rig

# What runs with the whole suite; the rest takes minutes and runs by the command in README.md.
QUICK = (
    "test_rows.py",
    "test_checker.py",
    "test_doorbell.py",
    "test_sweepers.py",
    "test_workers.py",
)
ROW = re.compile(r"test_([fuc]\d\d)_(\w+)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker of a parallel run has the rig, and with it all the rows."""
    for item in items:
        if "tests/faults/" in item.nodeid:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("faults"))
            if item.path.name not in QUICK:
                item.add_marker(pytest.mark.slow_fault)


@pytest.fixture(scope="session")
def whole_rig() -> Iterator[Rig]:
    with running_rig() as rig:
        yield rig
        rig.forget()
        assert places.can_all_be_taken(rig, PLACES), "I7 the rows together have worn it out"


@pytest.fixture
def rig(whole_rig: Rig) -> Iterator[Rig]:
    """The one rig of all rows: judged by the checker and mended behind each of them."""
    whole_rig.forget()
    yield whole_rig
    whole_rig.mend()
    whole_rig.wait_for_all(whole_rig.sent)
    assert check(whole_rig).problems == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the studio said meanwhile belongs to a failure."""
    report = yield
    rig = getattr(item, "funcargs", {}).get("rig")
    if report.failed and isinstance(rig, Rig):
        report.sections.append(("what the studio said", rig.last_words()))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = sorted(_rows(terminalreporter))
    if rows:
        terminalreporter.section("faults survived")
    for row, fault, outcome, seconds in rows:
        terminalreporter.line(f"{row:4} {fault:64.64} {outcome:8} {seconds:6.1f} s")


def _rows(reporter: pytest.TerminalReporter) -> Iterator[tuple[str, str, str, float]]:
    for outcome in ("passed", "failed", "skipped", "error"):
        for report in reporter.stats.get(outcome, []):
            found = ROW.search(getattr(report, "nodeid", ""))
            if found and report.when in ("call", "setup", "teardown"):
                name = report.nodeid.partition("[")
                detail = f" ({name[2].rstrip(']')})" if name[1] else ""
                fault = found.group(2).replace("_", " ") + detail
                yield found.group(1).upper(), fault, outcome, report.duration
