-- What was computed from the market: features, models, forecasts, regimes, signals. Each row belongs to one book.
create schema features;
create schema training;
create schema forecasts;
create schema signals;

create table features.technical_features (
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    return_1 double precision,
    return_4 double precision,
    return_24 double precision,
    ema_gap_12 double precision,
    ema_gap_48 double precision,
    macd_histogram double precision,
    trend_slope_24 double precision,
    efficiency_24 double precision,
    adx_14 double precision,
    directional_14 double precision,
    aroon_25 double precision,
    rsi_14 double precision,
    stochastic_14 double precision,
    cci_20 double precision,
    ultimate_oscillator double precision,
    close_z_24 double precision,
    close_z_72 double precision,
    return_z_24 double precision,
    volatility_24 double precision,
    volatility_ratio_6_48 double precision,
    atr_14_pct double precision,
    parkinson_24 double precision,
    bollinger_b_20 double precision,
    bollinger_width_20 double precision,
    donchian_24 double precision,
    range_14 double precision,
    body double precision,
    upper_wick double precision,
    lower_wick double precision,
    volume_z_24 double precision,
    volume_z_96 double precision,
    volume_balance_24 double precision,
    money_flow_20 double precision,
    mfi_14 double precision,
    hour_sin double precision,
    hour_cos double precision,
    weekday_sin double precision,
    weekday_cos double precision,
    return_1_x4 double precision,
    return_6_x4 double precision,
    ema_gap_12_x4 double precision,
    trend_slope_12_x4 double precision,
    rsi_14_x4 double precision,
    close_z_12_x4 double precision,
    atr_14_pct_x4 double precision,
    donchian_12_x4 double precision,
    volume_balance_12_x4 double precision,
    return_1_x24 double precision,
    return_6_x24 double precision,
    ema_gap_12_x24 double precision,
    trend_slope_12_x24 double precision,
    rsi_14_x24 double precision,
    close_z_12_x24 double precision,
    atr_14_pct_x24 double precision,
    donchian_12_x24 double precision,
    volume_balance_12_x24 double precision,
    run_id text not null,
    code_version text not null,
    primary key (book, venue, symbol, timeframe, ts, knowledge_ts)
);

create table training.price_models (
    book text not null,
    model_id text not null,
    kind text not null,
    features text[] not null,
    parameters jsonb not null,
    seed bigint not null,
    trained_from timestamptz not null,
    trained_to timestamptz not null,
    data_hash text not null,
    scores jsonb not null,
    artefact text not null,
    knowledge_ts timestamptz not null,
    run_id text not null,
    code_version text not null,
    primary key (book, model_id)
);

create table training.regime_models (like training.price_models including all);

-- A strategy that follows a rule has a row too, so that every order can name what it rests on.
create table training.rule_models (like training.price_models including all);

create table forecasts.price_forecasts (
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    model_id text not null,
    expected_return double precision not null,
    sigma double precision not null,
    run_id text not null,
    code_version text not null,
    primary key (book, venue, symbol, timeframe, ts, knowledge_ts)
);

create table forecasts.market_regimes (
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    model_id text not null,
    regime text not null,
    probability double precision not null,
    run_id text not null,
    code_version text not null,
    primary key (book, venue, symbol, timeframe, ts, knowledge_ts)
);

create table signals.strategy_signals (
    signal_id text primary key,
    book text not null,
    strategy text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    decided_at timestamptz not null,
    valid_until timestamptz not null,
    exposure numeric not null check (exposure between 0 and 1),
    stop numeric,
    volatility numeric not null,
    reference_price numeric not null check (reference_price > 0),
    reason text not null,
    model_id text not null,
    feature_hash text not null,
    candle_hash text not null,
    forecast_hash text,
    regime text,
    config_version integer not null,
    run_id text not null,
    code_version text not null,
    unique (book, strategy, venue, symbol, timeframe, ts)
);
