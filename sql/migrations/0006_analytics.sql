-- For people: documented views only. Times are UTC; amounts are in the currency that the column's comment names.
create schema analytics;

create view analytics.order_passport as
select
    o.book,
    o.client_id,
    o.symbol,
    o.strategy,
    o.leg,
    o.side,
    o.quantity,
    o.state,
    o.filled,
    o.venue_order_id,
    o.created_at as order_ts,
    s.signal_id,
    s.ts as bar_ts,
    s.decided_at as signal_ts,
    s.reason as signal_reason,
    s.exposure,
    d.decision_no,
    d.verdict,
    d.reason as decision_reason,
    d.inputs_hash,
    d.limits_version,
    s.config_version as strategy_version,
    m.model_id,
    m.kind as model_kind,
    m.trained_from,
    m.trained_to,
    m.data_hash as model_data_hash,
    s.feature_hash,
    f.knowledge_ts as feature_knowledge_ts,
    f.volatility_24,
    f.rsi_14,
    s.forecast_hash,
    p.expected_return,
    s.regime,
    s.candle_hash,
    c.close as candle_close,
    c.knowledge_ts as candle_knowledge_ts,
    s.run_id as signal_run_id,
    f.run_id as feature_run_id,
    c.run_id as candle_run_id,
    m.run_id as model_run_id,
    i.cluster_id as kafka_cluster_id,
    i.topic as kafka_topic,
    i.partition as kafka_partition,
    i.offset_ as kafka_offset,
    s.code_version,
    array_remove(
        array[
            case when s.signal_id is null then 'signal_id' end,
            case when d.inputs_hash is null then 'inputs_hash' end,
            case when m.model_id is null then 'model_id' end,
            case when s.feature_hash is null or f.run_id is null then 'feature_hash' end,
            case when s.candle_hash is null or c.run_id is null then 'candle_hash' end,
            case when s.strategy = 'follow_forecast' and p.model_id is null then 'expected_return' end,
            case when s.strategy = 'follow_forecast' and s.forecast_hash is null then 'forecast_hash' end,
            case when s.strategy = 'mean_reversion' and s.regime is null then 'regime' end,
            case when s.run_id is null then 'signal_run_id' end,
            case when m.run_id is null then 'model_run_id' end,
            case when i.offset_ is null then 'kafka_offset' end,
            case when o.state in ('ACKED', 'PARTIAL', 'FILLED') and o.venue_order_id is null then 'venue_order_id' end
        ], null
    ) as gaps
from trading.orders as o
left join signals.strategy_signals as s on o.signal_id = s.signal_id
left join trading.inbox as i on o.signal_id = i.signal_id
left join trading.risk_decisions as d on o.signal_id = d.signal_id and o.decision_no = d.decision_no
left join (
    select
        book,
        model_id,
        kind,
        trained_from,
        trained_to,
        data_hash,
        run_id
    from training.price_models
    union all
    select
        book,
        model_id,
        kind,
        trained_from,
        trained_to,
        data_hash,
        run_id
    from training.rule_models
) as m on o.book = m.book and s.model_id = m.model_id
left join lateral (
    select
        t.knowledge_ts,
        t.run_id,
        t.volatility_24,
        t.rsi_14
    from features.technical_features as t
    where
        t.book = s.book and t.venue = s.venue and t.symbol = s.symbol and t.timeframe = s.timeframe
        and t.ts = s.ts and t.knowledge_ts <= s.decided_at
    order by t.knowledge_ts desc
    limit 1
) as f on true
left join lateral (
    select
        t.model_id,
        t.expected_return
    from forecasts.price_forecasts as t
    where
        t.book = s.book and t.venue = s.venue and t.symbol = s.symbol and t.timeframe = s.timeframe
        and t.ts = s.ts and t.knowledge_ts <= s.decided_at
    order by t.knowledge_ts desc
    limit 1
) as p on true
left join lateral (
    select
        t.close,
        t.knowledge_ts,
        t.run_id
    from market.candles as t
    where
        t.venue = s.venue and t.symbol = s.symbol and t.timeframe = s.timeframe
        and t.ts = s.ts and t.knowledge_ts <= s.decided_at
    order by t.knowledge_ts desc
    limit 1
) as c on true;

comment on view analytics.order_passport is
'One row per order attempt: why it exists, from the venue back to the candle. Source: trading, signals, market.';
comment on column analytics.order_passport.gaps is
'Names of the columns that this order must have, by its origin, and has not; empty for a complete passport.';
comment on column analytics.order_passport.quantity is 'Ordered quantity, base currency.';
comment on column analytics.order_passport.filled is 'Filled quantity, base currency.';
comment on column analytics.order_passport.order_ts is 'When the intent was stored, market time, UTC.';
comment on column analytics.order_passport.bar_ts is 'Open time of the bar that the signal rests on, UTC.';
comment on column analytics.order_passport.signal_ts is 'When the signal was decided, UTC.';
comment on column analytics.order_passport.expected_return is 'Forecast log return over the horizon of the model.';
comment on column analytics.order_passport.volatility_24 is 'Standard deviation of 1-bar log returns over 24 bars.';
comment on column analytics.order_passport.candle_close is 'Close of the bar, quote currency per base currency.';

create view analytics.movements as
select
    e.book,
    j.at,
    e.strategy,
    e.symbol,
    j.kind,
    j.ref,
    j.journal_id,
    b.quote,
    sum(e.amount) filter (where a.owned and e.currency <> b.quote) as base_change,
    sum(e.amount) filter (where a.owned and e.currency = b.quote) as quote_change,
    sum(e.amount) filter (where e.account = 'fees' and e.currency <> b.quote) as fee_base,
    sum(e.amount) filter (where e.account = 'fees' and e.currency = b.quote) as fee_quote,
    sum(e.amount) filter (where e.account = 'market' and e.currency <> b.quote) as traded_base,
    sum(e.amount) filter (where e.account = 'market' and e.currency = b.quote) as traded_quote,
    -sum(e.amount) filter (where e.account = 'capital') as capital,
    array_agg(distinct e.currency) filter (
        where e.currency <> b.quote and (j.kind = 'DEPOSIT' or e.currency <> split_part(e.symbol, '/', 1))
    ) as strangers
from trading.ledger_entries as e
inner join trading.journals as j on e.journal_id = j.journal_id
inner join lateral (
    select k.configuration ->> 'quote' as quote from ops.books as k
    where k.book = e.book
) as b on true
inner join lateral (select e.account in ('cash', 'reserved', 'position') as owned) as a on true
where j.kind in ('DEPOSIT', 'FILL')
group by e.book, j.at, e.strategy, e.symbol, j.kind, j.ref, j.journal_id, b.quote;

comment on view analytics.movements is
'One row per deposit and execution: what it changed in what a sub-account owns. Source: trading.ledger_entries.';
comment on column analytics.movements.book is 'The book. Source: trading.ledger_entries.';
comment on column analytics.movements.at is 'When it happened at the venue, UTC. Source: trading.journals.';
comment on column analytics.movements.strategy is 'Strategy of the sub-account; treasury for what is not invested.';
comment on column analytics.movements.symbol is 'Symbol of the sub-account, BASE/QUOTE; - for the treasury.';
comment on column analytics.movements.kind is 'DEPOSIT or FILL.';
comment on column analytics.movements.ref is 'Client id of the order of a fill, or the book of a deposit.';
comment on column analytics.movements.journal_id is 'The journal. Source: trading.journals.';
comment on column analytics.movements.quote is 'Quote currency of the book. Source: ops.books.';
comment on column analytics.movements.base_change is 'Change of the base currency owned, after fees; null for none.';
comment on column analytics.movements.quote_change is 'Change of the quote currency owned, after fees; null for none.';
comment on column analytics.movements.fee_base is 'Fee paid in base currency; null for none.';
comment on column analytics.movements.fee_quote is 'Fee paid in quote currency; null for none.';
comment on column analytics.movements.traded_base is 'Base currency the market gave (below 0) or took (above 0).';
comment on column analytics.movements.traded_quote is 'Quote currency the market gave (below 0) or took (above 0).';
comment on column analytics.movements.capital is 'Capital paid in, quote currency; null for a fill.';
comment on column analytics.movements.strangers is
'Currencies that are neither base nor quote and so have no price here.';

create view analytics.equity_curve as
select
    e.book,
    e.ts,
    e.cash,
    e.positions,
    e.equity,
    e.fees,
    e.deposits,
    e.equity - e.deposits as pnl,
    e.knowledge_ts,
    e.run_id,
    e.code_version
from (
    select distinct on (v.book, v.ts) v.* from portfolio.equity_curve as v
    order by v.book asc, v.ts asc, v.knowledge_ts desc
) as e;

comment on view analytics.equity_curve is
'What a book was worth at its start and at each close of a bar, newest versions. Source: portfolio.equity_curve.';
comment on column analytics.equity_curve.book is 'The book.';
comment on column analytics.equity_curve.ts is 'Time of the valuation: start of the book or close of a bar, UTC.';
comment on column analytics.equity_curve.cash is
'Cash, reserved or not, quote currency. Source: trading.ledger_entries.';
comment on column analytics.equity_curve.positions is 'Base held at the close known at ts, quote currency.';
comment on column analytics.equity_curve.equity is 'cash + positions, quote currency.';
comment on column analytics.equity_curve.fees is
'Fees since the start, quote currency; base fees at the price of their fill.';
comment on column analytics.equity_curve.deposits is 'Capital paid in since the start, quote currency.';
comment on column analytics.equity_curve.pnl is 'equity - deposits: earned since the start after fees, quote currency.';
comment on column analytics.equity_curve.knowledge_ts is 'Since when this version is known, market time, UTC.';
comment on column analytics.equity_curve.run_id is 'Dagster run that wrote it.';
comment on column analytics.equity_curve.code_version is 'Version of the code that wrote it.';

create view analytics.positions as
select
    p.book,
    p.strategy,
    p.symbol,
    p.ts,
    p.quantity,
    p.price,
    p.value,
    p.cost,
    p.value - p.cost as unrealised,
    p.knowledge_ts,
    p.run_id,
    p.code_version
from (
    select distinct on (v.book, v.strategy, v.symbol, v.ts) v.* from portfolio.positions as v
    order by v.book asc, v.strategy asc, v.symbol asc, v.ts asc, v.knowledge_ts desc
) as p;

comment on view analytics.positions is
'What each sub-account held at each close of a bar, empty ones too, newest versions. Source: portfolio.positions.';
comment on column analytics.positions.book is 'The book.';
comment on column analytics.positions.strategy is 'Strategy of the sub-account.';
comment on column analytics.positions.symbol is 'Symbol of the sub-account, BASE/QUOTE.';
comment on column analytics.positions.ts is 'Time of the valuation: start of the book or close of a bar, UTC.';
comment on column analytics.positions.quantity is
'Base currency held, reserved or not. Source: trading.ledger_entries.';
comment on column analytics.positions.price is
'Newest close known at ts, quote per base currency. Source: market.candles.';
comment on column analytics.positions.value is 'quantity times price, quote currency.';
comment on column analytics.positions.cost is
'Paid for what is held, fees included, first in first out; quote currency.';
comment on column analytics.positions.unrealised is 'value - cost, quote currency.';
comment on column analytics.positions.knowledge_ts is 'Since when this version is known, market time, UTC.';
comment on column analytics.positions.run_id is 'Dagster run that wrote it.';
comment on column analytics.positions.code_version is 'Version of the code that wrote it.';

create view analytics.order_story as
select
    o.book,
    o.created_at,
    o.strategy,
    o.symbol,
    o.side,
    o.type,
    o.leg,
    o.quantity,
    o.stop_price,
    o.filled,
    f.average_price,
    f.fills,
    o.state,
    s.reason as signal_reason,
    s.exposure,
    d.trigger_ as decided_because,
    d.reason as decision_reason,
    o.outcome_code,
    o.outcome_detail,
    o.client_id,
    o.signal_id,
    o.decision_no
from trading.orders as o
left join signals.strategy_signals as s on o.signal_id = s.signal_id
left join trading.risk_decisions as d on o.signal_id = d.signal_id and o.decision_no = d.decision_no
left join lateral (
    select
        count(*) as fills,
        sum(x.price * x.quantity) / sum(x.quantity) as average_price
    from trading.fills as x
    where x.client_id = o.client_id
) as f on true;

comment on view analytics.order_story is
'One row per order: what was wanted, why, and what came of it. Source: trading, signals.';
comment on column analytics.order_story.book is 'The book.';
comment on column analytics.order_story.created_at is 'When the intent was stored, market time, UTC.';
comment on column analytics.order_story.strategy is 'Strategy whose sub-account trades.';
comment on column analytics.order_story.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.order_story.side is 'BUY or SELL.';
comment on column analytics.order_story.type is 'MARKET, LIMIT or STOP_LOSS.';
comment on column analytics.order_story.leg is 'What it is for: entry, exit or protective stop.';
comment on column analytics.order_story.quantity is 'Ordered, base currency.';
comment on column analytics.order_story.stop_price is 'Trigger price of a stop, quote per base currency.';
comment on column analytics.order_story.filled is 'Filled, base currency.';
comment on column analytics.order_story.average_price is 'Mean price of its fills, quote per base currency.';
comment on column analytics.order_story.fills is 'Number of its fills.';
comment on column analytics.order_story.state is 'Where the order stands now.';
comment on column analytics.order_story.signal_reason is
'Why the strategy wanted it. Source: signals.strategy_signals.';
comment on column analytics.order_story.exposure is 'Wanted share of the equity of the sub-account, 0 to 1.';
comment on column analytics.order_story.decided_because is 'What made us decide: a signal, a fill, a settled order.';
comment on column analytics.order_story.decision_reason is
'What sizing, risk and planning said. Source: trading.risk_decisions.';
comment on column analytics.order_story.outcome_code is 'Code of the venue where it refused.';
comment on column analytics.order_story.outcome_detail is 'Words of the venue where it refused.';
comment on column analytics.order_story.client_id is 'Client id under which the venue knows the order.';
comment on column analytics.order_story.signal_id is 'The signal. Source: signals.strategy_signals.';
comment on column analytics.order_story.decision_no is 'The how manieth decision about that signal it comes from.';
