-- What each execution cost, and why: an order that names its price, a quote or a stop, has no other price to be
-- compared with; one at the market is compared with the close of its signal and with the price of its decision.
create view analytics.fill_costs as
select
    f.book,
    o.strategy,
    f.symbol,
    f.ts,
    o.leg,
    n.named,
    s.sign * f.quantity as quantity,
    f.price,
    p.signal_price,
    p.arrival_price,
    s.sign * f.quantity * (p.signal_price - p.arrival_price) as timing,
    s.sign * f.quantity * (p.arrival_price - f.price) as slippage,
    f.fee,
    f.fee_currency,
    case f.fee_currency
        when split_part(f.symbol, '/', 2) then 1
        when split_part(f.symbol, '/', 1) then f.price
        else x.close::text::numeric
    end as fee_rate,
    coalesce(g.regime, r.regime) as regime,
    f.trade_id,
    f.client_id,
    o.signal_id
from trading.fills as f
inner join trading.orders as o on f.client_id = o.client_id
left join signals.strategy_signals as g on o.signal_id = g.signal_id
left join lateral (
    select b.configuration ->> 'timeframe' as timeframe from ops.books as b
    where b.book = f.book
) as k on true
left join lateral (
    select c.close from market.candles as c
    where
        c.venue = f.venue and c.symbol = concat(f.fee_currency, '/', split_part(f.symbol, '/', 2))
        and c.timeframe = k.timeframe and c.ts < f.ts and c.knowledge_ts <= f.ts
        and position('/' || f.fee_currency || '/' in '/' || f.symbol || '/') = 0
    order by c.ts desc, c.knowledge_ts desc
    limit 1
) as x on true
left join lateral (
    select t.regime from forecasts.market_regimes as t
    where
        t.book = g.book and t.venue = g.venue and t.symbol = g.symbol and t.timeframe = g.timeframe
        and t.ts = g.ts and t.knowledge_ts <= g.decided_at
    order by t.knowledge_ts desc
    limit 1
) as r on true
cross join lateral (select o.leg = 'stop' or o.leg like 'bid%' or o.leg like 'ask%' as named) as n
cross join lateral (select case f.side when 'BUY' then 1 else -1 end as sign) as s
cross join
    lateral (
        select
            case
                when n.named then coalesce(o.limit_price, o.stop_price, o.reference_price)
                else coalesce(g.reference_price, o.reference_price)
            end as signal_price,
            case
                when n.named then coalesce(o.limit_price, o.stop_price, o.reference_price)
                else o.reference_price
            end as arrival_price
    ) as p;

comment on view analytics.fill_costs is
'One row per execution: what waiting and executing cost against the price of its signal. Source: trading.fills,
trading.orders, signals.strategy_signals, market.candles, forecasts.market_regimes.';
comment on column analytics.fill_costs.book is 'The book.';
comment on column analytics.fill_costs.strategy is 'Strategy of the sub-account.';
comment on column analytics.fill_costs.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.fill_costs.ts is 'When it filled at the venue, UTC.';
comment on column analytics.fill_costs.leg is
'What its order was for: entry, exit, protective stop, or the n-th bid or ask that rested as a quote.';
comment on column analytics.fill_costs.named is
'Whether its order named its own price: a quote its limit, a stop its trigger.';
comment on column analytics.fill_costs.quantity is 'Quantity, base currency; below 0 for a sale.';
comment on column analytics.fill_costs.price is 'Price of the execution, quote per base currency.';
comment on column analytics.fill_costs.signal_price is
'Close at which the signal was decided, or the price that the order named, quote per base currency.';
comment on column analytics.fill_costs.arrival_price is
'Market price of the decision that made the order, or the price that the order named, quote per base currency.';
comment on column analytics.fill_costs.timing is
'quantity times (signal_price - arrival_price), quote currency; below 0 waiting cost.';
comment on column analytics.fill_costs.slippage is
'quantity times (arrival_price - price), quote currency; below 0 the execution cost.';
comment on column analytics.fill_costs.fee is 'Fee paid, in the currency of fee_currency.';
comment on column analytics.fill_costs.fee_currency is 'Currency of the fee.';
comment on column analytics.fill_costs.fee_rate is
'Worth of one unit of fee_currency, quote currency: base at the price of the fill, a third currency at its newest close
known then; null where no close is stored.';
comment on column analytics.fill_costs.regime is
'Market regime at the bar of the signal, as it was known then; null where none was told.';
comment on column analytics.fill_costs.trade_id is 'Number of the trade at the venue.';
comment on column analytics.fill_costs.client_id is 'Client id of the order.';
comment on column analytics.fill_costs.signal_id is 'The signal. Source: signals.strategy_signals.';
