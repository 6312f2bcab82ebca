-- Round trips in SQL, so that an analyst can check what a report says: what was bought first is sold first, within one
-- sub-account. Purchases and sales lie on one line each, of all base bought and of all base sold; a sale takes from
-- the purchases that its piece of the line overlaps.
create view analytics.round_trips as
with moves as (
    select
        m.book,
        m.strategy,
        m.symbol,
        m.ref,
        m.at,
        m.base_change as base,
        coalesce(m.quote_change, 0) as quote,
        coalesce(m.fee_quote, 0)
        + coalesce(m.fee_base * abs(m.traded_quote) / nullif(abs(m.traded_base), 0), 0) as fee,
        row_number() over line as place,
        sum(greatest(m.base_change, 0)) over line as bought,
        sum(greatest(-m.base_change, 0)) over line as sold
    from analytics.movements as m
    where coalesce(m.capital, 0) = 0 and m.base_change <> 0
    window line as (
        partition by m.book, m.strategy, m.symbol order by m.at, length(m.journal_id), m.journal_id
        rows unbounded preceding
    )
),

parts as (
    select
        s.book,
        s.strategy,
        s.symbol,
        s.ref,
        s.place as sale,
        b.place as purchase,
        b.at as bought_at,
        o.quantity,
        -b.quote * o.quantity / b.base as cost,
        b.fee * o.quantity / b.base as fee
    from moves as s
    inner join moves as b
        on
            s.book = b.book and s.strategy = b.strategy and s.symbol = b.symbol
            and b.bought > s.sold + s.base and b.bought - b.base < s.sold
    cross join
        lateral (
            select least(b.bought, s.sold) - greatest(b.bought - b.base, s.sold + s.base) as quantity
        ) as o
    where s.base < 0 and b.base > 0
),

sales as (
    select
        m.book,
        m.strategy,
        m.symbol,
        m.ref,
        max(m.at) as closed,
        -sum(m.base) as quantity,
        sum(m.quote) as proceeds,
        sum(m.fee) as fee
    from moves as m
    where m.base < 0
    group by m.book, m.strategy, m.symbol, m.ref
)

select
    s.book,
    s.strategy,
    s.symbol,
    s.ref,
    p.opened,
    s.closed,
    s.quantity,
    p.cost,
    s.proceeds,
    p.fee + s.fee as fees,
    s.proceeds - p.cost as pnl,
    (s.proceeds - p.cost) / nullif(p.cost, 0) as pnl_pct
from sales as s
inner join (
    select
        x.book,
        x.strategy,
        x.symbol,
        x.ref,
        (array_agg(x.bought_at order by x.quantity desc, x.sale asc, x.purchase asc))[1] as opened,
        sum(x.cost) as cost,
        sum(x.fee) as fee
    from parts as x
    group by x.book, x.strategy, x.symbol, x.ref
) as p on s.book = p.book and s.strategy = p.strategy and s.symbol = p.symbol and s.ref = p.ref;

comment on view analytics.round_trips is
'One row per selling order: what it sold against what had been bought first (FIFO). Source: analytics.movements.';
comment on column analytics.round_trips.book is 'The book.';
comment on column analytics.round_trips.strategy is 'Strategy of the sub-account.';
comment on column analytics.round_trips.symbol is 'Symbol of the sub-account, BASE/QUOTE.';
comment on column analytics.round_trips.ref is 'Client id of the selling order.';
comment on column analytics.round_trips.opened is 'When the largest part of it was bought, UTC.';
comment on column analytics.round_trips.closed is 'When its last part was sold, UTC.';
comment on column analytics.round_trips.quantity is 'Sold, base currency, fees in base included.';
comment on column analytics.round_trips.cost is 'Paid for what was sold, fees included, quote currency.';
comment on column analytics.round_trips.proceeds is 'Got for it after fees, quote currency.';
comment on column analytics.round_trips.fees is
'Fees of both ways, quote currency; base fees at the price of their fill.';
comment on column analytics.round_trips.pnl is 'proceeds - cost, quote currency.';
comment on column analytics.round_trips.pnl_pct is 'pnl as a fraction of cost.';
