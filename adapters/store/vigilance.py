"""What the guard asks of the database: orders against signals, positions against stops, services against the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.store.database import Connection


@dataclass(frozen=True)
class OrderCount:
    """Orders of one signal; `unfounded` are those on their way without an accepted signal and a TRADE decision.

    `quotes` is how many limit orders it wants to rest at once.
    """

    signal_id: str
    symbol: str
    quotes: int
    orders: int
    last_minute: int
    unfounded: int


@dataclass(frozen=True)
class KnownOrder:
    """What our table says about an order; `ended` when its state is terminal."""

    leg: str
    state: str
    ended: bool

    @property
    def forbidden(self) -> bool:
        """Whether it may not work under a halt: whatever is neither protection nor an exit."""
        return not self.leg.startswith(("stop", "exit"))


def order_counts(connection: Connection, book: str, since_seconds: int) -> list[OrderCount]:
    """Return one row per signal that has made an order within the last `since_seconds` of the newest order or now."""
    rows = connection.execute(
        "select o.signal_id, min(o.symbol) as symbol, count(*) as orders,"
        " coalesce(max(jsonb_array_length(i.body -> 'quotes')), 0) as quotes,"
        " count(*) filter (where o.created_at > %(now)s::timestamptz - interval '1 minute') as last_minute,"
        " count(*) filter (where o.sent_at is not null and not (coalesce(i.status, '') = 'ACCEPTED'"
        "  and coalesce(d.verdict, '') = 'TRADE')) as unfounded"
        " from trading.orders as o left join trading.inbox as i using (signal_id)"
        " left join trading.risk_decisions as d on d.signal_id = o.signal_id and d.decision_no = o.decision_no"
        " where o.book = %(book)s and o.signal_id in (select r.signal_id from trading.orders as r"
        "  where r.book = %(book)s and r.updated_at > %(now)s::timestamptz - make_interval(secs => %(since)s))"
        " group by o.signal_id",
        {"book": book, "since": since_seconds, "now": _now(connection)},
    )
    return [OrderCount(**row) for row in rows]


def sub_accounts(connection: Connection, book: str) -> int:
    """Return how many (strategy, symbol) sub-accounts of `book` have ever accepted a signal."""
    row = connection.execute(
        "select count(distinct (body ->> 'strategy', body ->> 'symbol')) as n from trading.inbox"
        " where book = %s and status = 'ACCEPTED'",
        (book,),
    ).fetchone()
    return 0 if row is None else row["n"]


def unprotected(connection: Connection, book: str) -> list[tuple[str, str]]:
    """Return (strategy, symbol) of positions that their signal wants a stop for and no working stop covers.

    A position below what the venue accepts as an order cannot have one, and an order on its way may be closing it.
    """
    rows = connection.execute(
        "select b.strategy, b.symbol from (select strategy, symbol, sum(amount) as held from trading.balances"
        "  where book = %(book)s and account in ('position', 'reserved') and split_part(symbol, '/', 1) = currency"
        "  group by strategy, symbol) as b"
        " inner join lateral (select (body ->> 'stop')::numeric as stop, (body ->> 'reference_price')::numeric as price"
        "  from trading.inbox where book = %(book)s and status = 'ACCEPTED' and body ->> 'strategy' = b.strategy"
        "  and body ->> 'symbol' = b.symbol order by (body ->> 'decided_at')::timestamptz desc limit 1) as s on true"
        " inner join lateral (select lot, min_quantity, min_notional from market.instruments"
        "  where symbol = b.symbol and venue = (select configuration ->> 'venue' from ops.books where book = %(book)s)"
        "  order by knowledge_ts desc limit 1) as m on true"
        " where s.stop is not null and b.held >= m.min_quantity and b.held * s.price * (1 - s.stop) >= m.min_notional"
        " and not exists (select 1 from trading.orders as o where o.book = %(book)s and o.strategy = b.strategy"
        "  and o.symbol = b.symbol and o.state not in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT')"
        "  and (o.leg = 'exit' or (o.leg = 'stop' and o.quantity - o.filled + m.lot > b.held)))"
        " order by b.strategy, b.symbol",
        {"book": book},
    )
    return [(row["strategy"], row["symbol"]) for row in rows]


def silent(connection: Connection, book: str, service: str, seconds: float) -> bool:
    """Return whether the last heartbeat of `service` is older than `seconds`, or was never."""
    return not connection.execute(
        "select 1 from ops.heartbeats where service = %s and book = %s"
        " and at > clock_timestamp() - make_interval(secs => %s)",
        (service, book, seconds),
    ).rowcount


def known_orders(connection: Connection, book: str, client_ids: Sequence[str]) -> dict[str, KnownOrder]:
    """Return those of `client_ids` that are orders of `book`."""
    rows = connection.execute(
        "select client_id, leg, state, state in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT') as ended"
        " from trading.orders where book = %s and client_id = any(%s)",
        (book, list(client_ids)),
    )
    return {row["client_id"]: KnownOrder(row["leg"], row["state"], row["ended"]) for row in rows}


def last_words(connection: Connection, book: str, service: str, seconds: float) -> dict[str, Any] | None:
    """Return what `service` said of itself in its last heartbeat; None when it is older than `seconds`, or none."""
    row = connection.execute(
        "select detail from ops.heartbeats where service = %s and book = %s"
        " and at > clock_timestamp() - make_interval(secs => %s)",
        (service, book, seconds),
    ).fetchone()
    return None if row is None else row["detail"]


def stuck_signals(connection: Connection, book: str, seconds: float) -> int:
    """Return how many signals that are still valid have waited longer than `seconds` to be taken over."""
    row = connection.execute(
        "select count(*) as n from trading.outbox as o where book = %s and valid_until > %s"
        " and created_at < %s::timestamptz - make_interval(secs => %s)"
        " and not exists (select 1 from trading.inbox as i where i.signal_id = o.signal_id)",
        (book, now := _now(connection), now, seconds),
    ).fetchone()
    return 0 if row is None else row["n"]


def unanswered_letters(connection: Connection) -> tuple[int, int]:
    """Return how many dead letters nobody has replayed, and the id of the newest (0: there is none)."""
    row = connection.execute(
        "select count(*) as n, coalesce(max(letter_id), 0) as newest from ops.dead_letters as l"
        " where not exists (select 1 from ops.dead_letter_replays as r where r.letter_id = l.letter_id)"
    ).fetchone()
    assert row is not None  # noqa: S101
    return row["n"], row["newest"]


def _now(connection: Connection) -> datetime:
    row = connection.execute("select clock_timestamp() as now").fetchone()
    assert row is not None  # noqa: S101
    return row["now"]
