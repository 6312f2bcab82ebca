from collections.abc import Iterator

import pytest

from adapters.store.database import Database
from adapters.store.migrate import migrate


@pytest.fixture
def db(database: str) -> Iterator[Database]:
    """A migrated database of this test alone."""
    migrate(database)
    with Database(database, size=3) as opened:
        yield opened
