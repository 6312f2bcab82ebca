"""Generated books in a database: their orders, fills, strangers, journals, and the candles that value them."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from adapters.store import books, fills, foreign, ledger, parameters
from adapters.store.database import Connection, Database
from tests.unit.trading.tax.traded import HOUR, SERIES, START, Traded, close, pair
from trading.limits import Limits


def store(database: Database, made: Sequence[Traded]) -> None:
    with database.transaction() as connection:
        parameters.ensure_limits(connection, Limits(), "test", "defaults")
        for each in made:
            _book(connection, each)
        _candles(connection, sorted({ts for each in made for ts in _times(each)}))


def _book(connection: Connection, made: Traded) -> None:
    chosen = {"venue": made.venue, "quote": "USDT", "timeframe": "1h", "symbols": [], "strategies": [], "horizon": 4}
    chosen |= {"seed": 1, "history_start": START.isoformat(), "window_start": START.isoformat()}
    books.open_book(connection, made.name, chosen, 1)
    _order(connection, made)
    own = [*made.fills, *made.taken_back]
    for symbol in {fill.symbol for fill in own}:
        told = [fill for fill in own if fill.symbol == symbol]
        rows = [type(fill)(**{**vars(fill), "client_id": made.name}) for fill in told]
        assert len(fills.add(connection, made.name, rows, START)) == len(told)
    for fill in made.strangers:
        foreign.add_trade(connection, made.name, fill, pair(fill.symbol), fill.ts)
    booked = [(journal, at) for journal, at in made.journals() if journal.kind != "FOREIGN"]
    ledger.post_all(connection, booked, made.name, "test", "-")


def _order(connection: Connection, made: Traded) -> None:
    """Write one order that all fills of the book belong to."""
    connection.execute(
        "insert into trading.inbox (signal_id, book, body_hash, body, status, reason, received_at, cluster_id, topic,"
        " partition, offset_) values (%s, %s, '', %s, 'ACCEPTED', '', %s, 'c', 't', 0, 0)",
        (made.name, made.name, Jsonb({}), START),
    )
    connection.execute(
        "insert into trading.risk_decisions (signal_id, decision_no, book, strategy, symbol, trigger_, verdict, reason,"
        " current_quantity, target_quantity, inputs, inputs_hash, limits_version, decided_at)"
        " values (%s, 1, %s, 'test', '-', 'signal', 'TRADE', '', 0, 1, '{}', '', 1, %s)",
        (made.name, made.name, START),
    )
    connection.execute(
        "insert into trading.orders (client_id, signal_id, decision_no, leg, attempt, book, strategy, venue, symbol,"
        " side, type, quantity, reference_price, reduce_only, state, epoch, created_at, updated_at)"
        " values (%(book)s, %(book)s, 1, 'entry', 1, %(book)s, 'test', 'binance', '-', 'BUY', 'MARKET', 1, 1, false,"
        " 'FILLED', 1, %(at)s, %(at)s)",
        {"book": made.name, "at": START},
    )


def _times(made: Traded) -> set[datetime]:
    return {at.replace(minute=0, second=0) for _, at in made.journals()}


def _candles(connection: Connection, hours: Sequence[datetime]) -> None:
    """Write the bars that were the newest at `hours`, and after each a bar and a version that nobody knew then."""
    rows = [(symbol, at - HOUR, at, close(symbol, at)) for symbol in SERIES for at in hours]
    late = [(symbol, ts, known + 300 * 24 * HOUR, 1) for symbol, ts, known, _ in rows[::7]]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into market.candles (venue, symbol, timeframe, ts, knowledge_ts, open, high, low, close, volume,"
            " run_id, code_version) values ('kraken', %s, '1h', %s, %s, %s, %s, %s, %s, 1, 'test', '0')"
            " on conflict do nothing",
            [(symbol, ts, known, *[float(price)] * 4) for symbol, ts, known, price in (*rows, *late)],
        )
