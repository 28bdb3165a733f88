"""SQL and Lua stand in files of their own."""

import pytest

from imagestudio.web.statements import statement


def test_a_statement_of_sql_is_found_beside_its_package() -> None:
    text = statement("jobs", "claim.sql")

    assert text.startswith("-- ")
    assert "UPDATE jobs_job" in text


def test_a_script_of_lua_is_found_beside_its_package() -> None:
    assert "redis.call" in statement("jobs.services.queue", "look.lua")


def test_a_name_that_no_file_has_stops_the_import_that_asks_for_it() -> None:
    with pytest.raises(FileNotFoundError):
        statement("jobs", "nothing.sql")
