"""The figures at the head of a report, each from the views that analysts ask."""

#: What each valuation earned, what 1 at the start has become, and its distance from the peak so far.
_GROWTH = """
growth as (
    select g.*, g.level / max(g.level) over (order by g.ts) - 1 as drawdown
    from (
        select
            r.*,
            case when min(1 + r.earned) over line > 0 then exp(sum(ln(greatest(1 + r.earned, 1e-30))) over line)
            else 0 end as level
        from (
            select
                e.ts, e.equity, e.positions, e.pnl, e.fees, e.deposits,
                case when lag(e.equity) over (order by e.ts) > 0
                then (e.pnl - lag(e.pnl) over (order by e.ts)) / lag(e.equity) over (order by e.ts)
                else 0 end as earned,
                lag(e.ts) over (order by e.ts) is null as first
            from analytics.equity_curve as e
            where e.book = %(book)s and e.ts <= %(until)s
        ) as r
        window line as (order by r.ts)
    ) as g
)
"""

#: The mean of what the symbols have made from one moment to the other, each bought and held without costs.
_HELD = """
(
    select avg(b.price / a.price - 1)
    from (
        select p.symbol, max(p.price) as price from analytics.positions as p
        where p.book = %(book)s and p.ts = {since} group by p.symbol
    ) as a
    inner join (
        select p.symbol, max(p.price) as price from analytics.positions as p
        where p.book = %(book)s and p.ts = %(until)s group by p.symbol
    ) as b on a.symbol = b.symbol
)
"""

_TRADED = """
coalesce((
    select sum(abs(m.traded_quote)) from analytics.movements as m
    where m.book = %(book)s and m.at {after} and m.at <= %(until)s
), 0)
"""

# Nothing but the statements of this file is put together here, and filled in by reproduce.py.
# ruff: noqa: S608
HEADLINE = f"""
with {_GROWTH}
select
    z.equity,
    a.equity as opening,
    z.deposits - a.deposits as deposited,
    z.pnl - a.pnl as pnl,
    (z.pnl - a.pnl) / nullif(a.equity, 0) as pnl_pct,
    z.pnl as pnl_since_start,
    z.pnl / nullif(z.deposits, 0) as pnl_since_start_pct,
    z.fees - a.fees as fees,
    z.fees as fees_since_start,
    z.drawdown,
    (select min(g.drawdown) from growth as g) as deepest_drawdown,
    z.positions / nullif(z.equity, 0) as exposure,
    {_TRADED.format(after="> %(after)s")} as traded,
    {_TRADED.format(after="> %(after)s")}
    / nullif((select avg(g.equity) from growth as g where g.ts >= %(opens)s), 0) as turnover,
    {_HELD.format(since="%(opens)s")} as market_pct,
    {_HELD.format(since="%(start)s")} as market_since_start_pct,
    (
        select count(*) from analytics.order_story as o
        where o.book = %(book)s and o.created_at > %(after)s and o.created_at <= %(until)s
    ) as orders,
    (
        select count(*) from trading.fills as f
        where f.book = %(book)s and f.ts > %(after)s and f.ts <= %(until)s
    ) as fills,
    (
        select count(*) from trading.risk_decisions as d
        where d.book = %(book)s and d.verdict = 'DENIED' and d.decided_at > %(after)s and d.decided_at <= %(until)s
    )
    + (
        select count(*) from trading.inbox as i
        where i.book = %(book)s and i.status <> 'ACCEPTED' and i.received_at > %(after)s and i.received_at <= %(until)s
    ) as denied,
    (
        select count(*) from trading.orders as o
        where o.book = %(book)s and o.state = 'REJECTED' and o.updated_at > %(after)s and o.updated_at <= %(until)s
    ) as rejected
from growth as z
inner join growth as a on a.ts = %(opens)s
where z.ts = %(until)s
"""

CURVE = f"with {_GROWTH} select g.ts, g.equity, g.pnl, g.drawdown from growth as g order by g.ts"

RECORD = f"""
with {_GROWTH},
bars as (
    select
        count(*) as bars,
        avg(g.earned)::double precision as mean,
        stddev_samp(g.earned)::double precision as deviation,
        sqrt(avg(least(g.earned, 0) ^ 2))::double precision as downside
    from growth as g
    where not g.first
)

select
    b.bars,
    %(least_bars)s as least_bars,
    case when b.bars >= %(least_bars)s then b.mean / nullif(b.deviation, 0) * sqrt(%(bars_per_year)s) end as sharpe,
    case when b.bars >= %(least_bars)s then b.mean / nullif(b.downside, 0) * sqrt(%(bars_per_year)s) end as sortino,
    (select min(g.drawdown) from growth as g) as deepest_drawdown,
    t.round_trips,
    t.win_rate,
    t.profit_factor,
    {_TRADED.format(after=">= '-infinity'")} / nullif((select avg(g.equity) from growth as g), 0) as turnover
from bars as b
cross join (
    select
        count(*) as round_trips,
        avg((r.pnl > 0)::integer) as win_rate,
        coalesce(sum(r.pnl) filter (where r.pnl > 0), 0)
        / nullif(-sum(r.pnl) filter (where r.pnl < 0), 0) as profit_factor
    from analytics.round_trips as r
    where r.book = %(book)s and r.closed <= %(until)s
) as t
"""
