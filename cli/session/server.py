"""The database server for a verb that only reads: the one that runs, or the local one for as long as it is needed."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.settings import Settings
from trading.errors import Misconfigured


@contextmanager
def server(settings: Settings) -> Iterator[str]:
    """Yield the URL of the database server; a local one is stopped again when it was started here.

    Raises:
        Misconfigured: nothing has run in the data folder yet.
        Unavailable: the server does not answer.
    """
    from adapters.store import postgres_home
    from adapters.store.database import reach
    from adapters.store.local_postgres import LocalPostgres
    from adapters.store.status import running_url
    from services.supervisor.lock import exclusive

    data_dir = settings.data_dir.resolve()
    url = settings.database_url.get_secret_value() if settings.database_url else running_url(data_dir)
    if url is not None:
        reach(url)
        yield url
        return
    if not (data_dir.exists() and (postgres_home.folder_of(data_dir) / "data").exists()):
        raise Misconfigured(f"nothing has run in {data_dir} yet: `tradewind run` first, or choose another --data-dir")
    with exclusive(data_dir):
        server = LocalPostgres(data_dir)
        try:
            server.start()
            yield server.url()
        finally:
            server.stop()
