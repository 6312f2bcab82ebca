-- Quotes: limit orders that a strategy wants to rest. Such a signal may leave the exposure open.
alter table signals.strategy_signals alter column exposure drop not null;
alter table signals.strategy_signals add column quotes jsonb not null default '[]';

create index fills_of_symbol on trading.fills (book, symbol, ts);
-- Those that rest longer than their signal is in force are found by these.
create index orders_quotes on trading.orders (book, strategy, symbol)
where (leg like 'ask%' or leg like 'bid%') and state in ('ACKED', 'PARTIAL');

comment on column analytics.order_story.exposure is
'Wanted share of the equity of the sub-account, 0 to 1; null where only quotes change the holding.';
comment on column analytics.order_story.leg is
'What it is for: entry, exit, protective stop, or the n-th bid or ask that rests as a quote.';

drop function trading.situation(text, text, text, text, text);

-- One row for each living order of the sub-account, oldest first, or one without any.
create function trading.situation(book_ text, strategy_ text, symbol_ text, venue_ text, arriving_ text)
returns table (
    body jsonb,
    next_no integer,
    symbol_state text,
    known_hash text,
    accounts text[],
    currencies text[],
    amounts numeric[],
    closed_by text,
    peak numeric,
    stopped_at timestamptz,
    stop_floor numeric,
    refused text[],
    taken_at timestamptz,
    working trading.orders
) volatile language plpgsql as $$
declare
    force record;
begin
    -- One transaction at a time decides for a sub-account.
    perform pg_advisory_xact_lock(hashtextextended(book_ || '|' || strategy_ || '|' || symbol_, 7466924));
    select i.signal_id, i.body into force
    from trading.inbox as i
    where
        i.book = book_ and i.status = 'ACCEPTED'
        and i.body ->> 'strategy' = strategy_ and i.body ->> 'symbol' = symbol_
    order by i.body ->> 'decided_at' desc, i.signal_id desc
    limit 1;
    return query
    with held as (
        select
            array_agg(b.account order by b.account, b.currency) as accounts,
            array_agg(b.currency order by b.account, b.currency) as currencies,
            array_agg(b.amount order by b.account, b.currency) as amounts
        from trading.balances as b
        where b.book = book_ and b.strategy = strategy_ and b.symbol = symbol_
    ),

    -- Only the newest stop counts, and only while it has not filled: a filled one ended the position it protected.
    stop as (
        select s.stop_price, s.filled, s.created_at
        from trading.orders as s
        where
            s.book = book_ and s.strategy = strategy_ and s.symbol = symbol_ and s.leg = 'stop'
            and s.state not in ('REJECTED', 'ABSENT')
        order by s.created_at desc, s.stop_price desc nulls first
        limit 1
    )

    select
        force.body,
        (
            select coalesce(max(d.decision_no), 0) + 1
            from trading.risk_decisions as d where d.signal_id = force.signal_id
        ),
        (select y.state from trading.symbol_states as y where y.book = book_ and y.symbol = symbol_),
        (select n.body_hash from trading.inbox as n where n.signal_id = arriving_),
        coalesce(held.accounts, '{}'),
        coalesce(held.currencies, '{}'),
        coalesce(held.amounts, '{}'),
        trading.gate(book_, venue_, symbol_),
        (
            select p.equity from trading.equity_peaks as p
            where p.book = book_ and p.strategy = strategy_ and p.symbol = symbol_
        ),
        (
            select max(f.ts)
            from trading.orders as o
            inner join trading.fills as f on o.client_id = f.client_id
            where o.book = book_ and o.strategy = strategy_ and o.symbol = symbol_ and o.leg = 'stop'
        ),
        (
            select stop.stop_price from stop
            where
                stop.filled = 0 and not exists (
                    select 1 from trading.risk_decisions as d
                    where
                        d.book = book_ and d.strategy = strategy_ and d.symbol = symbol_
                        and d.target_quantity = 0 and d.decided_at >= stop.created_at
                )
        ),
        -- An attempt that another one followed was not refused: it came too late, or never left.
        array(
            select o.leg from trading.orders as o
            where
                o.book = book_ and o.signal_id = force.signal_id
                and (o.state = 'REJECTED' or (o.state = 'EXPIRED' and o.filled = 0))
                and not exists (
                    select 1 from trading.orders as n
                    where
                        n.signal_id = o.signal_id and n.decision_no = o.decision_no
                        and n.leg = o.leg and n.attempt > o.attempt
                )
        ),
        -- What an ask has sold is not bought back under the same signal; what was sold before it says nothing.
        (
            select max(f.ts)
            from trading.fills as f
            inner join trading.orders as o on f.client_id = o.client_id
            where
                f.book = book_ and f.symbol = symbol_ and f.ts >= (force.body ->> 'decided_at')::timestamptz
                and o.strategy = strategy_ and o.leg like 'ask%'
        ),
        w
    from held
    left join trading.orders as w
        on
            w.book = book_ and w.symbol = symbol_ and w.strategy = strategy_
            and w.state not in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT')
    order by w.created_at, w.client_id;
end
$$;

-- What a quote was worth: what was held once it had filled, and where the price went after it.
create view analytics.quote_fills as
select
    f.book,
    o.strategy,
    f.symbol,
    f.ts,
    o.leg,
    f.side,
    f.price,
    f.quantity,
    held.after_fill as inventory,
    m.close_0,
    m.close_1,
    m.close_4,
    m.close_24,
    s.sign * (m.close_0 / f.price::double precision - 1) * 10000 as markout_0_bps,
    s.sign * (m.close_1 / f.price::double precision - 1) * 10000 as markout_1_bps,
    s.sign * (m.close_4 / f.price::double precision - 1) * 10000 as markout_4_bps,
    s.sign * (m.close_24 / f.price::double precision - 1) * 10000 as markout_24_bps,
    f.client_id,
    o.signal_id
from trading.fills as f
inner join trading.orders as o on f.client_id = o.client_id
inner join ops.books as b on f.book = b.book
cross join lateral (select case f.side when 'BUY' then 1 else -1 end as sign) as s
cross join
    lateral (
        select sum(e.amount) as after_fill
        from trading.ledger_entries as e
        inner join trading.journals as j on e.journal_id = j.journal_id
        where
            e.book = f.book and e.strategy = o.strategy and e.symbol = f.symbol and j.at <= f.ts
            and e.account in ('position', 'reserved') and e.currency = split_part(f.symbol, '/', 1)
    ) as held
cross join
    lateral (
        select
            max(n.close) filter (where n.place = 1) as close_0,
            max(n.close) filter (where n.place = 2) as close_1,
            max(n.close) filter (where n.place = 5) as close_4,
            max(n.close) filter (where n.place = 25) as close_24
        from (
            select
                c.close,
                row_number() over (order by c.ts) as place
            from market.candles_current as c
            where
                c.venue = f.venue and c.symbol = f.symbol and c.timeframe = b.configuration ->> 'timeframe'
                and c.ts >= (
                    select max(h.ts) from market.candles as h
                    where
                        h.venue = f.venue and h.symbol = f.symbol and h.timeframe = b.configuration ->> 'timeframe'
                        and h.ts <= f.ts
                )
            order by c.ts
            limit 25
        ) as n
    ) as m
where o.leg like 'bid%' or o.leg like 'ask%';

comment on view analytics.quote_fills is
'One row per execution of a quote: the inventory after it and where the price went. Source: trading.fills.';
comment on column analytics.quote_fills.book is 'The book. Source: trading.fills.';
comment on column analytics.quote_fills.strategy is 'Strategy of the sub-account. Source: trading.orders.';
comment on column analytics.quote_fills.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.quote_fills.ts is 'When it filled at the venue, UTC.';
comment on column analytics.quote_fills.leg is 'Which quote of its decision: bid1 is the nearest bid.';
comment on column analytics.quote_fills.side is 'BUY or SELL.';
comment on column analytics.quote_fills.price is 'Price of the execution, quote per base.';
comment on column analytics.quote_fills.quantity is 'Quantity, base currency.';
comment on column analytics.quote_fills.inventory is
'Base currency that the sub-account held after it. Source: trading.ledger_entries.';
comment on column analytics.quote_fills.close_0 is
'Close of the bar in which it filled, quote per base; null before that bar is stored.';
comment on column analytics.quote_fills.close_1 is 'Close of the bar after that, quote per base.';
comment on column analytics.quote_fills.close_4 is 'Close four bars later, quote per base.';
comment on column analytics.quote_fills.close_24 is 'Close twenty-four bars later, quote per base.';
comment on column analytics.quote_fills.markout_0_bps is
'How far the price went in its favour until that close, basis points; below 0 it was picked off.';
comment on column analytics.quote_fills.markout_1_bps is 'The same one bar later, basis points.';
comment on column analytics.quote_fills.markout_4_bps is 'The same four bars later, basis points.';
comment on column analytics.quote_fills.markout_24_bps is 'The same twenty-four bars later, basis points.';
comment on column analytics.quote_fills.client_id is 'Client id of the order.';
comment on column analytics.quote_fills.signal_id is 'The signal. Source: signals.strategy_signals.';

-- Whether whoever makes the market is paid for it, by strategy, symbol and side.
create view analytics.adverse_selection as
select
    q.book,
    q.strategy,
    q.symbol,
    q.side,
    count(*) as executions,
    sum(q.price * q.quantity) as traded_value,
    avg(q.markout_0_bps) as markout_0_bps,
    avg(q.markout_1_bps) as markout_1_bps,
    avg(q.markout_4_bps) as markout_4_bps,
    avg(q.markout_24_bps) as markout_24_bps,
    count(*) filter (where q.markout_1_bps < 0)::double precision / nullif(count(q.markout_1_bps), 0) as picked_off,
    max(abs(q.inventory)) as largest_inventory
from analytics.quote_fills as q
group by q.book, q.strategy, q.symbol, q.side;

comment on view analytics.adverse_selection is
'What the executions of quotes were worth, by strategy, symbol and side. Source: analytics.quote_fills.';
comment on column analytics.adverse_selection.book is 'The book.';
comment on column analytics.adverse_selection.strategy is 'Strategy of the sub-account.';
comment on column analytics.adverse_selection.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.adverse_selection.side is 'BUY or SELL.';
comment on column analytics.adverse_selection.executions is 'How many executions.';
comment on column analytics.adverse_selection.traded_value is 'Their value, quote currency.';
comment on column analytics.adverse_selection.markout_0_bps is
'Mean move in favour until the close of the bar of the execution, basis points.';
comment on column analytics.adverse_selection.markout_1_bps is
'Mean move in favour until the close one bar later, basis points.';
comment on column analytics.adverse_selection.markout_4_bps is
'Mean move in favour until the close four bars later, basis points.';
comment on column analytics.adverse_selection.markout_24_bps is
'Mean move in favour until the close twenty-four bars later, basis points.';
comment on column analytics.adverse_selection.picked_off is
'Share of the executions against which the price had gone one bar later, 0 to 1.';
comment on column analytics.adverse_selection.largest_inventory is
'Largest inventory after one of them, base currency.';
