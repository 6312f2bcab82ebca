"""Whether a database is as new as this program needs it."""

from adapters.store.database import Connection
from trading.errors import Unavailable


def require(connection: Connection, table: str) -> None:
    """Return when `table` is there; Unavailable, saying what brings the schema up to date, otherwise."""
    row = connection.execute("select to_regclass(%s) is not null as there", (table,)).fetchone()
    if row is None or not row["there"]:
        raise Unavailable("the schema is older than this program; `tradewind up` brings it up to date")
