"""The state of each symbol of a book: RECONCILING, OPEN or HALTED."""

from datetime import datetime

from adapters.store.database import Connection


def set_state(connection: Connection, book: str, symbol: str, state: str, reason: str, at: datetime) -> None:
    """Write the state of `symbol`; a HALTED symbol is reopened only by reconciliation or a person."""
    connection.execute(
        "insert into trading.symbol_states (book, symbol, state, reason, at) values (%s, %s, %s, %s, %s)"
        " on conflict (book, symbol) do update set state = excluded.state, reason = excluded.reason, at = excluded.at",
        (book, symbol, state, reason, at),
    )


def in_state(connection: Connection, book: str, state: str) -> list[str]:
    """Return the symbols of `book` in `state`, by name."""
    rows = connection.execute(
        "select symbol from trading.symbol_states where book = %s and state = %s order by symbol", (book, state)
    )
    return [row["symbol"] for row in rows]
