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
left join signals.strategy_signals as s using (signal_id)
left join trading.inbox as i using (signal_id)
left join trading.risk_decisions as d on d.signal_id = o.signal_id and d.decision_no = o.decision_no
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
) as m on m.book = o.book and m.model_id = s.model_id
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
'One row per order attempt: why it exists, from the venue back to the candle. Source: trading, signals, training, features, forecasts, market.';
comment on column analytics.order_passport.gaps is
'Names of the columns that this order must have, by its origin, and has not; empty for a complete passport.';
comment on column analytics.order_passport.quantity is 'Ordered quantity, base currency.';
comment on column analytics.order_passport.filled is 'Filled quantity, base currency.';
comment on column analytics.order_passport.order_ts is 'When the intent was stored, market time, UTC.';
comment on column analytics.order_passport.bar_ts is 'Open time of the bar that the signal rests on, UTC.';
comment on column analytics.order_passport.signal_ts is 'When the signal was decided (the close of its bar or later), UTC.';
comment on column analytics.order_passport.expected_return is 'Forecast log return over the horizon of the model.';
comment on column analytics.order_passport.volatility_24 is 'Standard deviation of 1-bar log returns over 24 bars.';
comment on column analytics.order_passport.candle_close is 'Close of the bar, quote currency per base currency.';
