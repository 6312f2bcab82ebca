-- Purchases and sales of a sub-account laid side by side on one line of quantities: each stretch between two ends was
-- bought by one purchase and sold by one sale, or by none yet. That is first in, first out.
create view analytics.trade_journal as
with moves as (
    select
        m.book,
        m.strategy,
        m.symbol,
        m.at,
        m.ref,
        m.base_change > 0 as bought,
        abs(m.base_change) as base,
        coalesce(m.quote_change, 0) as quote,
        coalesce(m.fee_quote, 0) + coalesce(m.fee_base * abs(m.traded_quote) / nullif(abs(m.traded_base), 0), 0) as fee,
        abs(m.traded_quote) / nullif(abs(m.traded_base), 0) as price,
        -- One number for all sub-accounts: what is looked up by one column is found without comparing all with all.
        row_number() over (order by m.book, m.strategy, m.symbol, m.at, length(m.journal_id), m.journal_id) as place
    from analytics.movements as m
    where m.kind <> 'DEPOSIT' and m.base_change <> 0
),

ends as (
    select
        m.*,
        sum(m.base) over (partition by m.book, m.strategy, m.symbol, m.bought order by m.place) as upto
    from moves as m
),

stretches as (
    select
        e.book,
        e.strategy,
        e.symbol,
        e.upto - coalesce(lag(e.upto) over line, 0) as quantity,
        min(e.place) filter (where e.bought) over onward as purchase,
        min(e.place) filter (where not e.bought) over onward as sale
    from ends as e
    window
        line as (partition by e.book, e.strategy, e.symbol order by e.upto, e.bought),
        -- Backwards: a frame that only grows is summed up in one pass.
        onward as (
            partition by e.book, e.strategy, e.symbol order by e.upto desc, e.bought desc
            rows between unbounded preceding and current row
        )
),

pairs as (
    select
        s.book,
        s.strategy,
        s.symbol,
        s.quantity,
        b.at as bought_at,
        b.ref as bought_by,
        b.price as paid,
        -b.quote * s.quantity / b.base as cost,
        b.fee * s.quantity / b.base as fee_in,
        a.at as sold_at,
        a.ref as sold_by,
        a.price as got,
        a.quote * s.quantity / a.base as proceeds,
        a.fee * s.quantity / a.base as fee_out
    from stretches as s
    inner join moves as b on s.purchase = b.place
    left join moves as a on s.sale = a.place
    where s.quantity > 0
),

by_order as (
    select
        p.book,
        p.strategy,
        p.symbol,
        p.sold_by,
        p.bought_by,
        min(p.bought_at) as bought_at,
        max(p.sold_at) as sold_at,
        sum(p.quantity) as quantity,
        sum(p.quantity * p.paid) as paid,
        sum(p.quantity) filter (where p.paid is not null) as bought,
        sum(p.quantity * p.got) as got,
        sum(p.quantity) filter (where p.got is not null) as sold,
        sum(p.cost) as cost,
        sum(p.proceeds) as proceeds,
        sum(p.fee_in) + coalesce(sum(p.fee_out), 0) as fees
    from pairs as p
    group by p.book, p.strategy, p.symbol, p.sold_by, p.bought_by
),

-- The order that bought most of it comes first.
trips as (
    select
        o.book,
        o.strategy,
        o.symbol,
        o.sold_by,
        (array_agg(o.bought_by order by o.quantity desc, o.bought_at asc, o.bought_by asc))[1] as entry_order,
        (array_agg(o.bought_at order by o.quantity desc, o.bought_at asc, o.bought_by asc))[1] as opened_at,
        array_agg(o.bought_by order by o.bought_by) as bought_by,
        max(o.sold_at) as closed_at,
        sum(o.quantity) as quantity,
        sum(o.paid) / sum(o.bought) as entry_price,
        sum(o.got) / sum(o.sold) as exit_price,
        sum(o.cost) as cost,
        sum(o.proceeds) as proceeds,
        sum(o.fees) as fees
    from by_order as o
    group by o.book, o.strategy, o.symbol, o.sold_by
)

select
    t.book,
    t.strategy,
    t.symbol,
    'LONG' as side,
    t.opened_at,
    t.closed_at,
    t.closed_at - t.opened_at as held_for,
    t.quantity,
    t.entry_price,
    t.exit_price,
    t.cost,
    w.worth,
    t.fees,
    w.worth - t.cost as pnl,
    (w.worth - t.cost) / nullif(t.cost, 0) as pnl_fraction,
    least(0, x.low - t.entry_price, t.exit_price - t.entry_price) * t.quantity as mae,
    least(0, x.low - t.entry_price, t.exit_price - t.entry_price) * t.quantity / nullif(t.cost, 0) as mae_fraction,
    greatest(0, x.high - t.entry_price, t.exit_price - t.entry_price) * t.quantity as mfe,
    greatest(0, x.high - t.entry_price, t.exit_price - t.entry_price) * t.quantity / nullif(t.cost, 0) as mfe_fraction,
    t.entry_order,
    n.signal_reason as entry_reason,
    n.exposure,
    n.expected_return,
    n.forecast_sigma,
    n.model_id,
    n.model_kind,
    n.strategy_version,
    n.regime,
    n.features,
    n.verdict,
    n.decision_reason,
    n.limits_version,
    t.sold_by as exit_order,
    o.leg as exit_leg,
    o.signal_reason as exit_reason,
    o.decision_reason as exit_decision_reason,
    o.decided_because as exit_decided_because,
    t.bought_by as entry_orders,
    (
        select count(*) from trading.fills as f
        where f.client_id = any(t.bought_by || t.sold_by)
    ) as fills,
    (
        select string_agg(concat(k.author, ': ', k.note), E'\n' order by k.note_id) from ops.trade_notes as k
        where k.client_id = any(t.bought_by || t.sold_by)
    ) as notes
from trips as t
inner join ops.books as b on t.book = b.book
left join analytics.order_reasons as n on t.entry_order = n.client_id
left join analytics.order_reasons as o on t.sold_by = o.client_id
left join lateral (
    select
        min(c.low::text::numeric) as low,
        max(c.high::text::numeric) as high
    from (
        select distinct on (y.ts)
            y.low,
            y.high
        from market.candles as y
        where
            y.venue = b.configuration ->> 'venue' and y.symbol = t.symbol
            and y.timeframe = b.configuration ->> 'timeframe'
            and y.ts >= t.opened_at - interval '1 minute' and y.ts < coalesce(t.closed_at, 'infinity')
            and y.knowledge_ts <= coalesce(t.closed_at, 'infinity')
        order by y.ts asc, y.knowledge_ts desc
    ) as c
) as x on true
left join lateral (
    select coalesce(t.proceeds, t.quantity * (
        select z.close::text::numeric from market.candles as z
        where
            z.venue = b.configuration ->> 'venue' and z.symbol = t.symbol
            and z.timeframe = b.configuration ->> 'timeframe'
        order by z.ts desc, z.knowledge_ts desc
        limit 1
    )) as worth
) as w on true;

comment on view analytics.trade_journal is
'One row per round trip: what an order sold, against what was bought first (FIFO); what is still held is one row per
sub-account. Source: trading.ledger_entries, analytics.order_reasons, market.candles, ops.trade_notes.';
comment on column analytics.trade_journal.book is 'The book.';
comment on column analytics.trade_journal.strategy is 'Strategy of the sub-account.';
comment on column analytics.trade_journal.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.trade_journal.side is 'LONG: bought first and sold later. Nothing else is traded.';
comment on column analytics.trade_journal.opened_at is
'First execution of the entry order, the one that bought most of it, UTC.';
comment on column analytics.trade_journal.closed_at is
'Last execution of the order that sold it, UTC; null while it is held.';
comment on column analytics.trade_journal.held_for is 'closed_at - opened_at, an interval; null while it is held.';
comment on column analytics.trade_journal.quantity is 'Sold, or still held, after fees in base; base currency.';
comment on column analytics.trade_journal.entry_price is 'Mean price of its purchases, quote per base currency.';
comment on column analytics.trade_journal.exit_price is
'Mean price of its sales, quote per base currency; null while it is held.';
comment on column analytics.trade_journal.cost is 'Paid for it, fees included, quote currency.';
comment on column analytics.trade_journal.worth is
'Received for it after fees; while it is held, its value at the newest close; quote currency.';
comment on column analytics.trade_journal.fees is
'Fees of both ways, quote currency; base fees at the price of their fill.';
comment on column analytics.trade_journal.pnl is 'worth - cost: profit after fees, quote currency.';
comment on column analytics.trade_journal.pnl_fraction is 'pnl as a fraction of cost.';
comment on column analytics.trade_journal.mae is
'Maximum adverse excursion: how far the lows of its bars, as known at its close, and the exit lay below the entry
price, times quantity; 0 or below, quote currency. A bar that had run for a minute at the entry does not count.';
comment on column analytics.trade_journal.mae_fraction is 'mae as a fraction of cost.';
comment on column analytics.trade_journal.mfe is
'Maximum favourable excursion: the same with the highs of the bars; 0 or above, quote currency.';
comment on column analytics.trade_journal.mfe_fraction is 'mfe as a fraction of cost.';
comment on column analytics.trade_journal.entry_order is
'Client id of the order that bought most of it; `tradewind passport` takes it.';
comment on column analytics.trade_journal.entry_reason is 'Why the strategy wanted it.';
comment on column analytics.trade_journal.exposure is
'Share of the equity of the sub-account that the entry signal wanted, 0 to 1; null for quotes.';
comment on column analytics.trade_journal.expected_return is
'Forecast log return behind the entry; null where there is none.';
comment on column analytics.trade_journal.forecast_sigma is
'Standard deviation that the forecast gives its own error, log return; null where there is none.';
comment on column analytics.trade_journal.model_id is 'Model or rule behind the entry.';
comment on column analytics.trade_journal.model_kind is 'Kind of that model.';
comment on column analytics.trade_journal.strategy_version is
'Version of the parameters of the strategy at the entry. Source: trading.strategies.';
comment on column analytics.trade_journal.regime is
'Market regime at the bar of the entry signal, as it was known then; null where none was told.';
comment on column analytics.trade_journal.features is
'All features of the bar of the entry signal by name, as they were known then.';
comment on column analytics.trade_journal.verdict is 'Verdict of the risk decision of the entry.';
comment on column analytics.trade_journal.decision_reason is 'What sizing, risk and planning said to the entry.';
comment on column analytics.trade_journal.limits_version is 'Version of the limits that held at the entry.';
comment on column analytics.trade_journal.exit_order is 'Client id of the order that sold it; null while it is held.';
comment on column analytics.trade_journal.exit_leg is
'What closed it: exit, stop, or the n-th ask; null while it is held.';
comment on column analytics.trade_journal.exit_reason is 'Why the strategy wanted less at the exit.';
comment on column analytics.trade_journal.exit_decision_reason is
'What sizing, risk and planning said to the exit.';
comment on column analytics.trade_journal.exit_decided_because is
'What made us decide about the exit: a signal, a fill, a settled order.';
comment on column analytics.trade_journal.entry_orders is 'Client ids of all orders that bought some of it.';
comment on column analytics.trade_journal.fills is 'Executions of all its orders.';
comment on column analytics.trade_journal.notes is
'Notes of people on its orders, oldest first, a line each; null for none. Source: ops.trade_notes.';

call ops.admit_analyst();
