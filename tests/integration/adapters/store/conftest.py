from collections.abc import Iterator

import pytest

from adapters.store.database import Database


@pytest.fixture
def db(database: str) -> Iterator[Database]:
    """A migrated database of this test alone."""
    with Database(database, size=3) as opened:
        yield opened
