"""A process that moves all that is due into the archive and is killed at any moment; arguments: URL and folder."""

import sys
from pathlib import Path

from adapters.store import archive
from adapters.store.database import Database
from tests.integration.adapters.store.market_history import NOW


def main() -> None:
    with Database(sys.argv[1]) as database:
        parts = archive.pending(database, None, NOW)[0]
        database.arrow("select 1")  # what is loaded at first use takes longer than the work
        print("ready", flush=True)
        for part in parts:
            archive.move(database, Path(sys.argv[2]), part)
        archive.write_manifests(database, Path(sys.argv[2]))
    print("done", flush=True)


if __name__ == "__main__":
    main()
