"""Loaded before the settings are: without engines there is nothing to test against."""

import os

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    if "STUDIO_TEST_ENGINES" not in os.environ:
        pytest.exit(
            "The tests need PostgreSQL and Valkey of their own, which a bare `pytest` doesn't"
            " start. Run `python3 manage.py test [pytest arguments]`.",
            returncode=4,
        )
