"""The state of a database as its tables tell it: tables, books, bars, gates, halts, orders, positions, reports."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from adapters.store import postgres_home, postgres_process
from adapters.store.database import Connection, Database, version
from adapters.store.local_postgres import USER
from trading.errors import Unavailable

_QUESTIONS = {
    "books": (
        "select b.book, b.status, b.next_step, b.steps, b.configuration ->> 'venue' as venue,"
        " b.configuration ->> 'timeframe' as timeframe, b.created_at,"
        " (select e.equity from portfolio.equity_curve as e where e.book = b.book"
        "  order by e.ts desc, e.knowledge_ts desc limit 1) as equity,"
        " (select count(*) from trading.orders as o where o.book = b.book) as orders,"
        " (select count(*) from trading.fills as f where f.book = b.book) as fills"
        " from ops.books as b order by b.created_at"
    ),
    "bars": (
        "select venue, symbol, timeframe, max(ts) as newest, count(*) as rows,"
        " extract(epoch from clock_timestamp() - max(ts))::bigint as age_seconds"
        " from market.candles group by venue, symbol, timeframe order by venue, symbol, timeframe"
    ),
    "gates_closed": (
        "select book, symbol, check_name, detail, at from ops.gates where closed order by at desc, symbol limit 50"
    ),
    "symbols_not_open": (
        "select book, symbol, state, reason, at from trading.symbol_states where state <> 'OPEN' order by book, symbol"
    ),
    "halts": (
        "select book, symbol, reason, actor, at from trading.halts where lifted_at is null order by at desc limit 50"
    ),
    "alarms": (
        "select at, actor, kind, ref, payload from ops.audit_events"
        " where kind in ('alarm', 'halted', 'run_failed') order by seq desc limit 10"
    ),
    "open_orders": (
        "select book, symbol, strategy, leg, side, quantity, stop_price, state, created_at from trading.orders"
        " where state not in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT')"
        " order by book, symbol, created_at limit 100"
    ),
    "unknown_orders": (
        "select book, symbol, client_id, sent_at from trading.orders where state in ('SENDING', 'UNKNOWN')"
        " order by sent_at limit 50"
    ),
    "positions": (
        "select book, strategy, symbol, currency, sum(amount) as quantity from trading.balances"
        " where account in ('position', 'reserved') and currency = split_part(symbol, '/', 1)"
        " group by book, strategy, symbol, currency having sum(amount) <> 0 order by book, symbol, strategy"
    ),
    "reports": (
        "select distinct on (book) book, day, path, knowledge_ts as at from reports.daily_performance"
        " order by book, day desc, knowledge_ts desc"
    ),
    "services": (
        "select service, book, pid, at, extract(epoch from clock_timestamp() - at)::bigint as age_seconds"
        " from ops.heartbeats order by book, service"
    ),
}


def read(url: str) -> dict[str, Any]:
    """Return `server`, `rows` per table, and a list of rows for each question; empty lists before the first migration.

    Raises:
        Unavailable: the server does not answer.
    """
    with Database(url, size=1, statement_timeout="30s") as database:
        found: dict[str, Any] = {"server": version(database)}
        with database.transaction() as connection:
            connection.execute("set transaction read only")
            found["migrated"] = _exists(connection, "ops.books")
            found["rows"] = _rows(connection) if found["migrated"] else {}
        for name, question in _QUESTIONS.items():
            found[name] = _ask(database, question) if found["migrated"] else []
    return found


def running_url(data_dir: Path) -> str | None:
    """Return the URL of the local server of `data_dir` when it runs, without starting it; None otherwise."""
    server = postgres_process.postmaster(postgres_home.folder_of(data_dir) / "data")
    if server is None:
        return None
    return (
        f"postgresql://{USER}@127.0.0.1:{server.port}/tradewind?passfile={quote(str(data_dir / 'postgres.password'))}"
    )


def server(url: str) -> tuple[str, str | None]:
    """Return the version of the server and that of the timescaledb it offers, if any; Unavailable without an answer."""
    with Database(url, size=1) as database:
        running = version(database)
        with database.transaction() as connection:
            row = connection.execute(
                "select default_version as version from pg_available_extensions where name = 'timescaledb'"
            ).fetchone()
    return running, None if row is None else row["version"]


def _ask(database: Database, question: str) -> list[dict[str, Any]]:
    try:
        with database.transaction() as connection:
            return connection.execute(question).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]
    except psycopg.errors.UndefinedTable as error:
        raise Unavailable(
            f"the schema is older than this program; `tradewind up` brings it up to date: {error}"
        ) from error


def _exists(connection: Connection, table: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null as there", (table,)).fetchone()
    return bool(row and row["there"])


def _rows(connection: Connection) -> dict[str, int]:
    """Return the exact number of rows of each of our tables."""
    tables = connection.execute(
        "select schemaname || '.' || tablename as name from pg_tables"
        " where schemaname not in ('pg_catalog', 'information_schema', 'public')"
        " and schemaname not like '\\_timescale%' order by 1"
    ).fetchall()
    counts = {}
    for row in tables:
        counted = connection.execute(f"select count(*) as n from {row['name']}").fetchone()  # noqa: S608  # pyright: ignore[reportArgumentType, reportCallIssue]
        counts[row["name"]] = 0 if counted is None else counted["n"]
    return counts
