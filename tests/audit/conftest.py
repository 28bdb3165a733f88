from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from tests.conftest import OWNER


@pytest.fixture
def owner(transactional_db: None) -> Iterator[psycopg.Connection]:
    """Somebody with the keys to the database: past the application, and past its triggers."""
    place = connection.get_connection_params()
    with psycopg.connect(
        host=place["host"],
        port=place["port"],
        dbname=place["dbname"],
        user=OWNER.role,
        password=OWNER.password,
        autocommit=True,
    ) as database:
        yield database
