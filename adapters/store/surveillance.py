"""What a book did in a period, from the database, as the rules of surveillance read it."""

from datetime import datetime, timedelta
from typing import LiteralString

from adapters.store.database import Connection
from trading.compliance.rules.activity import Activity, Executed, Movement, Placed

#: Orders of so many days before are what an order is compared with.
_BEFORE = timedelta(days=30)


def activity(connection: Connection, book: str, after: datetime, until: datetime) -> Activity:
    """Return what `book` did in (after, until], and the orders and daily turnovers of the 30 days before."""
    span = {"book": book, "after": after, "until": until, "since": after - _BEFORE}
    orders = [Placed(**row) for row in connection.execute(_ORDERS, span)]
    fills = [Executed(**row) for row in connection.execute(_FILLS, span)]
    movements = [Movement(**row) for row in connection.execute(_MOVEMENTS, span)]
    turnovers = {row["symbol"]: tuple(row["traded"]) for row in connection.execute(_TURNOVERS, span)}
    return Activity(
        after,
        until,
        [one for one in orders if one.placed > after],
        fills,
        movements,
        [one for one in orders if one.placed <= after],
        turnovers,
    )


#: An order that was never sent is none; one that was cancelled says when in its events.
_ORDERS: LiteralString = """
select
    o.client_id, o.strategy, o.venue, o.symbol, o.side, o.type, o.quantity, o.filled, o.created_at as placed,
    coalesce(o.limit_price, o.reference_price) as price,
    case when o.state = 'CANCELED' then coalesce(
        (select min(e.at) from trading.order_events as e where e.client_id = o.client_id and e.to_state = 'CANCELED'),
        o.updated_at
    ) end as cancelled
from trading.orders as o
where o.book = %(book)s and o.created_at > %(since)s and o.created_at <= %(until)s and o.sent_at is not null
order by o.created_at, o.client_id
"""
_FILLS: LiteralString = """
select
    f.trade_id, f.client_id, o.strategy, f.venue, f.symbol, f.side, f.price, f.quantity, f.ts as at,
    o.type = 'LIMIT' as resting
from trading.fills as f inner join trading.orders as o using (client_id)
where f.book = %(book)s and f.ts > %(after)s and f.ts <= %(until)s
order by f.ts, f.symbol, length(f.trade_id), f.trade_id
"""
_MOVEMENTS: LiteralString = """
select 'trade:' || f.trade_id as ref, 'FOREIGN' as kind, f.symbol, split_part(f.symbol, '/', 1) as currency,
    case f.side when 'SELL' then -f.quantity else f.quantity end as amount, f.ts as at
from trading.foreign_trades as f
where f.book = %(book)s and f.ts > %(after)s and f.ts <= %(until)s
union all
select j.journal_id, 'ADJUSTMENT', e.symbol, e.currency, sum(e.amount), j.at
from trading.journals as j inner join trading.ledger_entries as e using (journal_id)
where j.book = %(book)s and j.kind = 'ADJUSTMENT' and e.account in ('cash', 'position', 'reserved')
    and j.at > %(after)s and j.at <= %(until)s
group by j.journal_id, e.symbol, e.currency, j.at
order by 6, 1, 4
"""
_TURNOVERS: LiteralString = """
select d.symbol, array_agg(d.traded order by d.day) as traded from (
    select f.symbol, date_trunc('day', f.ts) as day, sum(f.price * f.quantity) as traded
    from trading.fills as f
    where f.book = %(book)s and f.ts > %(since)s and f.ts <= %(after)s
    group by f.symbol, date_trunc('day', f.ts)
) as d
group by d.symbol
"""
