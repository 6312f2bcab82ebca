-- All that the signal and the decision behind an order knew, in one place.
create view analytics.order_reasons as
select
    p.book,
    p.client_id,
    p.leg,
    p.signal_id,
    p.signal_reason,
    p.exposure,
    p.expected_return,
    t.sigma as forecast_sigma,
    p.model_id,
    p.model_kind,
    p.strategy_version,
    coalesce(p.regime, r.regime) as regime,
    p.decision_no,
    p.verdict,
    p.decision_reason,
    d.trigger_ as decided_because,
    p.limits_version,
    f.features
from analytics.order_passport as p
left join signals.strategy_signals as s on p.signal_id = s.signal_id
left join trading.risk_decisions as d on p.signal_id = d.signal_id and p.decision_no = d.decision_no
left join lateral (
    select x.sigma from forecasts.price_forecasts as x
    where
        x.book = s.book and x.venue = s.venue and x.symbol = s.symbol and x.timeframe = s.timeframe
        and x.ts = s.ts and x.knowledge_ts <= s.decided_at
    order by x.knowledge_ts desc
    limit 1
) as t on true
left join lateral (
    select x.regime from forecasts.market_regimes as x
    where
        x.book = s.book and x.venue = s.venue and x.symbol = s.symbol and x.timeframe = s.timeframe
        and x.ts = s.ts and x.knowledge_ts <= s.decided_at
    order by x.knowledge_ts desc
    limit 1
) as r on true
left join lateral (
    select
        to_jsonb(x) - array[
            'book', 'venue', 'symbol', 'timeframe', 'ts', 'knowledge_ts', 'run_id', 'code_version', 'recorded_at'
        ] as features
    from features.technical_features as x
    where
        x.book = s.book and x.venue = s.venue and x.symbol = s.symbol and x.timeframe = s.timeframe
        and x.ts = s.ts and x.knowledge_ts <= s.decided_at
    order by x.knowledge_ts desc
    limit 1
) as f on true;

comment on view analytics.order_reasons is
'One row per order: all that the signal and the decision behind it knew. Source: analytics.order_passport,
trading.risk_decisions, features.technical_features, forecasts.';
comment on column analytics.order_reasons.book is 'The book.';
comment on column analytics.order_reasons.client_id is 'Client id of the order; `tradewind passport` takes it.';
comment on column analytics.order_reasons.leg is
'What it is for: entry, exit, protective stop, or the n-th bid or ask that rests as a quote.';
comment on column analytics.order_reasons.signal_id is 'The signal. Source: signals.strategy_signals.';
comment on column analytics.order_reasons.signal_reason is 'Why the strategy wanted it.';
comment on column analytics.order_reasons.exposure is
'Wanted share of the equity of the sub-account, 0 to 1; null where only quotes change the holding.';
comment on column analytics.order_reasons.expected_return is
'Forecast log return over the horizon of the model; null where there is none. Source: forecasts.price_forecasts.';
comment on column analytics.order_reasons.forecast_sigma is
'Standard deviation that the forecast gives its own error, log return; null where there is none.';
comment on column analytics.order_reasons.model_id is 'Model or rule that the signal rests on.';
comment on column analytics.order_reasons.model_kind is 'Kind of the model.';
comment on column analytics.order_reasons.strategy_version is
'Version of the parameters of the strategy. Source: trading.strategies.';
comment on column analytics.order_reasons.regime is
'Market regime at the bar of the signal, as it was known then; null where none was told.';
comment on column analytics.order_reasons.decision_no is 'Number of the decision about that signal, from 1.';
comment on column analytics.order_reasons.verdict is 'TRADE, HOLD or DENIED.';
comment on column analytics.order_reasons.decision_reason is 'What sizing, risk and planning said.';
comment on column analytics.order_reasons.decided_because is
'What made us decide: a signal, a fill, a settled order.';
comment on column analytics.order_reasons.limits_version is 'Version of the limits that held. Source: trading.limits.';
comment on column analytics.order_reasons.features is
'All features of the bar of the signal by name, as they were known then. Source: features.technical_features.';
