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


def take_acceptance(connection: Connection, book: str, symbol: str) -> bool:
    """Return whether a person has said that the venue is right about `symbol`; it counts once."""
    return (
        connection.execute(
            "update trading.symbol_states set accepts_venue = false"
            " where book = %s and symbol = %s and accepts_venue returning 1",
            (book, symbol),
        ).fetchone()
        is not None
    )


def in_state(connection: Connection, book: str, state: str) -> list[str]:
    """Return the symbols of `book` in `state`, by name."""
    rows = connection.execute(
        "select symbol from trading.symbol_states where book = %s and state = %s order by symbol", (book, state)
    )
    return [row["symbol"] for row in rows]
