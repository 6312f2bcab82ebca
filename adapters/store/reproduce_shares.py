"""What each strategy or symbol contributed, asked of the ledger's movements and the stored valuations."""

#: `{name}` is the part that a movement `m` belongs to. At the start of a book only its deposits have moved: trades of
#: that very moment belong to its first bar.
SHARES = """
select
    name,
    sum(opening) as opening,
    sum(closing) as closing,
    sum(deposited) as deposited,
    sum(closing - opening - deposited) as pnl,
    sum(closing - opening - deposited) / nullif(sum(opening), 0) as pnl_pct,
    sum(fees) as fees,
    sum(traded) as traded,
    sum(position) as position,
    sum(deposits) as deposits,
    sum(closing - deposits) as pnl_since_start,
    sum(cash - deposits + cost) as realised,
    sum(position - cost) as unrealised,
    sum(fees_since_start) as fees_since_start,
    sum(position) / nullif(sum(closing), 0) as exposure
from (
    select
        m.name,
        coalesce(sum(m.quote) filter (where m.before), 0) + coalesce(max(o.value), 0) as opening,
        sum(m.quote) + coalesce(max(c.value), 0) as closing,
        sum(m.quote) as cash,
        coalesce(max(c.value), 0) as position,
        coalesce(max(c.cost), 0) as cost,
        sum(m.capital) as deposits,
        coalesce(sum(m.capital) filter (where not m.before), 0) as deposited,
        coalesce(sum(m.fee) filter (where not m.before), 0) as fees,
        sum(m.fee) as fees_since_start,
        coalesce(sum(m.traded) filter (where not m.before), 0) as traded
    from (
        select
            m.strategy,
            m.symbol,
            {name} as name,
            coalesce(m.quote_change, 0) as quote,
            coalesce(m.capital, 0) as capital,
            abs(coalesce(m.traded_quote, 0)) as traded,
            coalesce(m.fee_quote, 0)
            + coalesce(m.fee_base * abs(m.traded_quote) / nullif(abs(m.traded_base), 0), 0) as fee,
            m.at < %(opens)s
            or (m.at = %(opens)s and (%(opens)s <> %(start)s or coalesce(m.capital, 0) <> 0)) as before
        from analytics.movements as m
        where m.book = %(book)s and m.at <= %(until)s
    ) as m
    left join analytics.positions as o
        on o.book = %(book)s and o.strategy = m.strategy and o.symbol = m.symbol and o.ts = %(opens)s
    left join analytics.positions as c
        on c.book = %(book)s and c.strategy = m.strategy and c.symbol = m.symbol and c.ts = %(until)s
    group by m.name, m.strategy, m.symbol
) as parts
group by name
order by name
"""
