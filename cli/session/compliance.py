"""The database for verbs of compliance and audit: the one that runs, or the local one as long as it is needed."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.settings import Settings
from adapters.store.database import Connection


@contextmanager
def records(settings: Settings) -> Iterator[Connection]:
    """Yield a connection inside one transaction.

    Raises:
        Misconfigured: nothing has run in the data folder yet.
        Unavailable: the server does not answer, or its schema is older than this program.
    """
    from adapters.store.database import Database
    from adapters.store.schema import require
    from cli.session.server import server

    with server(settings) as url, Database(url, size=1) as database, database.transaction() as connection:
        require(connection, "ops.compliance_cases")
        yield connection
