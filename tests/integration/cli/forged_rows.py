"""What somebody might change behind the program's back, one change for each kind of hash.

Each is a table, a statement, the condition on an order `o` and its signal `s` for the orders that it concerns, and what
is said of these. `bar` is the last traded one, `trained` one that models were trained on, `order` the first entry.
"""

BY_BAR = "s.ts = '{bar}'"
PLANTS = [
    (
        "features.technical_features",
        "update {table} set rsi_14 = rsi_14 + 1e-9 where ts = '{bar}'",
        BY_BAR,
        {"features": "not equal"},
    ),
    ("features.technical_features", "delete from {table} where ts = '{bar}'", BY_BAR, {"features": "missing"}),
    ("market.candles", "update {table} set volume = volume + 1 where ts = '{bar}'", BY_BAR, {"candle": "not equal"}),
    (
        "forecasts.price_forecasts",
        "update {table} set sigma = sigma * 2 where ts = '{bar}'",
        BY_BAR,
        {"forecast": "not equal"},
    ),
    (
        "forecasts.market_regimes",
        "update {table} set regime = 'odd' where ts = '{bar}'",
        BY_BAR,
        {"regime": "not equal"},
    ),
    (
        "trading.risk_decisions",
        "update {table} set inputs = jsonb_set(inputs, '{{market,price}}', '\"1\"') where signal_id = '{signal}'"
        " and decision_no = 1",
        "o.signal_id = '{signal}' and o.decision_no = 1",
        {"decision": "not equal"},
    ),
    (
        "trading.risk_decisions",
        "update {table} set inputs_hash = repeat('0', 64) where signal_id = '{signal}' and decision_no = 1",
        "o.signal_id = '{signal}' and o.decision_no = 1",
        {"decision": "not equal", "audited decision": "not equal"},
    ),
    (
        "trading.inbox",
        "update {table} set body = jsonb_set(body, '{{reason}}', '\"another\"') where signal_id = '{signal}'",
        "o.signal_id = '{signal}'",
        {"message": "not equal"},
    ),
    (
        "trading.outbox",
        "update {table} set payload = payload || ' ' where signal_id = '{signal}'",
        "o.signal_id = '{signal}'",
        {"published": "not equal"},
    ),
    (
        "signals.strategy_signals",
        "update {table} set volatility = volatility * 2 where signal_id = '{signal}'",
        "o.signal_id = '{signal}'",
        {"signal": "not equal"},
    ),
    (
        "signals.strategy_signals",
        "update {table} set forecast_hash = null where signal_id = '{signal}'",
        "o.signal_id = '{signal}'",
        {"signal": "not equal", "forecast": "missing"},
    ),
    (
        "signals.strategy_signals",
        "delete from {table} where signal_id = '{signal}'",
        "o.signal_id = '{signal}'",
        {"signal": "missing"},
    ),
    (
        "training.price_models",
        "update {table} set trained_from = trained_from + interval '1 hour'",
        "o.strategy = 'follow_forecast'",
        {"model window": "not equal"},
    ),
    (
        "training.price_models",
        "update {table} set seed = seed + 1",
        "o.strategy = 'follow_forecast'",
        {"model": "not equal"},
    ),
    (
        "training.rule_models",
        "update {table} set trained_from = trained_from - interval '1 hour'",
        "o.strategy = 'grid'",
        {"model window": "not equal"},
    ),
    (
        "training.rule_models",
        "update {table} set artefact = '{{}}'",
        "o.strategy = 'grid'",
        {"model": "not equal", "model data": "not equal"},
    ),
    (
        "training.regime_models",
        "update {table} set data_hash = repeat('0', 64)",
        "true",
        {"model": "not equal", "model data": "not equal"},
    ),
    (
        "features.technical_features",
        "update {table} set volatility_24 = volatility_24 * 1.5 where ts = '{trained}'",
        "true",
        {"model data": "not equal"},
    ),
    (
        "trading.strategies",
        "update {table} set parameters = '{{}}' where strategy = 'grid'",
        "o.strategy = 'grid'",
        {"parameters": "not equal"},
    ),
    (
        "trading.orders",
        "update {table} set quantity = quantity * 2 where client_id = '{order}'",
        "o.client_id = '{order}'",
        {"order": "not equal"},
    ),
    (
        "trading.orders",
        "update {table} set decision_no = 7 where client_id = '{order}'",
        "o.client_id = '{order}'",
        {"order id": "not equal", "decision": "missing", "order": "missing"},
    ),
    (
        "ops.audit_events",
        "update {table} set payload = '{{}}' where kind = 'signal' and ref = '{signal}'",
        "o.signal_id = '{signal}'",
        {"audit": "not equal"},
    ),
    (
        "ops.audit_events",
        "delete from {table} where kind = 'decision' and ref = '{signal}:1'",
        "o.signal_id = '{signal}' and o.decision_no = 1",
        {"audit": "missing", "audited decision": "missing"},
    ),
    (
        "trading.orders",
        "update {table} set venue_order_id = null where client_id = '{order}'",
        "o.client_id = '{order}'",
        {"columns": "missing"},
    ),
    (
        "training.rule_models",
        "update {table} set kind = 'rule_other'",
        "o.strategy = 'grid'",
        {"model": "not equal"},
    ),
    (
        "signals.strategy_signals",
        "update {table} set decided_at = decided_at + interval '1 millisecond', signal_id = signal_id",
        "true",
        {"signal": "not equal"},
    ),
    (
        "signals.strategy_signals",
        "update {table} set timeframe = '4h' where signal_id = '{signal}'",
        "o.signal_id = '{signal}'",
        {"signal": "not equal", "signal id": "not equal", "features": "missing"},
    ),
]
