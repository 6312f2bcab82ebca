"""Loading a history: one read-only, repeatable transaction over the tables of a book, and its court record."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

from adapters.evidence import court
from adapters.evidence.history import History
from adapters.evidence.topic import Log
from adapters.store import books
from adapters.store.database import Connection, Database
from adapters.store.schema import require
from trading.errors import Misconfigured, Unavailable

#: How often a venue that is at work is looked at again.
_TRIES, _PAUSE_SECONDS = 25, 0.2
_XID = "xmin::text::bigint as xid"
_ROWS = {
    "orders": "select *, {xid} from trading.orders where book = %(book)s order by created_at, client_id",
    "events": "select e.*, e.{xid} from trading.order_events as e inner join trading.orders as o using (client_id)"
    " where o.book = %(book)s order by e.event_id",
    "fills": "select *, {xid} from trading.fills where book = %(book)s order by recorded_at, symbol, trade_id",
    "foreign_trades": "select * from trading.foreign_trades where book = %(book)s order by symbol, trade_id",
    "foreign_orders": "select * from trading.foreign_orders where book = %(book)s order by seen_at, venue_order_id",
    "journals": "select *, {xid} from trading.journals where book = %(book)s order by at, journal_id",
    "entries": "select * from trading.ledger_entries where book = %(book)s order by journal_id, line",
    "balances": "select * from trading.balances where book = %(book)s",
    "decisions": "select *, {xid} from trading.risk_decisions where book = %(book)s"
    " order by decided_at, signal_id, decision_no",
    "limits": "select version, parameters from trading.limits",
    "inbox": "select *, {xid} from trading.inbox where book = %(book)s order by received_at, offset_",
    "outbox": "select * from trading.outbox where book = %(book)s order by created_at, signal_id",
    "offsets": "select * from trading.consumer_offsets",
    "dead_letters": "select * from ops.dead_letters order by letter_id",
    "triggers": "select * from trading.triggers where book = %(book)s order by trigger_id",
    "halts": "select *, {xid} from trading.halts where book = %(book)s order by halt_id",
    "symbol_states": "select * from trading.symbol_states where book = %(book)s",
    # The chain hashes the texts that the database makes of time and payload, so these are what is needed.
    "audit": "select seq, at, actor, kind, ref, previous_hash, hash, payload::text as payload_text,"
    " extract(epoch from at)::text as epoch, payload ->> 'inputs_hash' as inputs_hash,"
    " case kind when 'fill' then jsonb_path_query_array(payload, '$.**.trade_id') end as trades,"
    " payload -> 'lifted' as lifted, {xid} from ops.audit_events order by seq",
}
_COLUMNS = (
    "select table_schema || '.' || table_name as place, column_name as name, data_type as type"
    " from information_schema.columns as c inner join pg_class as t on t.relname = c.table_name"
    " and t.relnamespace = c.table_schema::regnamespace and t.relkind in ('r', 'p')"
    " where table_schema in ('trading', 'ops') order by 1, 2"
)
_GUARDS = (
    "select tgrelid::regclass::text as place, tgname as name from pg_trigger"
    " where not tgisinternal and tgenabled in ('O', 'A') order by 1, 2"
)
_SETTLED = "select detail ->> 'settled_at' as at from ops.heartbeats where service = 'execution' and book = %(book)s"
_OPENED = "select created_at as at from ops.books where book = %(book)s"


def newest_book(database: Database) -> str:
    """Return the book that was opened last; Misconfigured when there is none."""
    with database.transaction() as connection:
        _require_schema(connection)
        return books.chosen(connection, None)


def load(
    database: Database,
    book: str,
    record: Path,
    *,
    log: Callable[[], Log] | str = "no broker was named",
    absence_margin: timedelta = timedelta(0),
    secrets: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
) -> History:
    """Return all that is known about `book`; `record` is the court record of its venue.

    `log` reads the topic, or says why it cannot be read; `secrets` by name must not be found in `texts` by origin.

    Raises:
        Misconfigured: there is no such record, or the database has no tables of ours.
        BadData: the record is damaged.
        Unavailable: the database does not answer, its schema is too old, or the venue does not pause for a look.
    """
    if not record.exists():
        raise Misconfigured(f"no court record {record}: the book has never traded here (options --book, --data-dir)")
    stored, seen = _both(database, book, record)
    return History(
        book,
        seen,
        **stored,
        log=log if isinstance(log, str) else _told(log),
        absence_margin=absence_margin,
        secrets=dict(secrets or {}),
        texts=dict(texts or {}),
    )


def _told(log: Callable[[], Log]) -> Log | str:
    """Return the log, read after the database so that it holds all that the database knows; or why there is none."""
    try:
        return log()
    except Unavailable as error:
        return str(error)


def _both(database: Database, book: str, record: Path) -> tuple[dict[str, Any], court.Court]:
    """Return what the database and the venue know at one moment: nothing was recorded while they were read."""
    for _ in range(_TRIES):
        size = record.stat().st_size
        stored, seen = _database(database, book), court.read(record, book)
        if record.stat().st_size == size:
            return stored, seen
        sleep(_PAUSE_SECONDS)
    raise Unavailable(f"{record} grows all the time: verify between two steps, or when nothing runs")


def _database(database: Database, book: str) -> dict[str, Any]:
    """Return the fields of a history that the database knows, all as of one moment."""
    with database.transaction() as connection:
        connection.execute("set transaction isolation level repeatable read read only")
        _require_schema(connection)
        found: dict[str, Any] = {name: _ask(connection, query.format(xid=_XID), book) for name, query in _ROWS.items()}
        found["columns"] = [(row["place"], row["name"], row["type"]) for row in _ask(connection, _COLUMNS, book)]
        found["guards"] = [(row["place"], row["name"]) for row in _ask(connection, _GUARDS, book)]
        settled, opened = _ask(connection, _SETTLED, book), _ask(connection, _OPENED, book)
    found["settled_at"] = datetime.fromisoformat(settled[0]["at"]) if settled and settled[0]["at"] else None
    found["opened_at"] = opened[0]["at"] if opened else None
    return found


def _ask(connection: Connection, query: str, book: str) -> list[dict[str, Any]]:
    return connection.execute(query, {"book": book}).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


def _require_schema(connection: Connection) -> None:
    row = connection.execute("select to_regclass('trading.orders') is not null as there").fetchone()
    if row is None or not row["there"]:
        raise Misconfigured("the database has no tables of ours yet: `tradewind run` or `tradewind up` makes them")
    require(connection, "trading.foreign_trades")
