"""A database server of a bench's own, durable as the product's, gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.store.local_postgres import LocalPostgres
from adapters.store.migrate import migrate


@contextmanager
def database() -> Iterator[str]:
    """Yield the URL of a migrated, empty database."""
    folder = Path(tempfile.mkdtemp(prefix="tradewind-bench-"))
    folder.chmod(0o755)  # as root, the server's own account must reach it
    server = LocalPostgres(folder)
    try:
        server.start()
        migrate(server.url())
        yield server.url()
    finally:
        server.remove()
        shutil.rmtree(folder)
