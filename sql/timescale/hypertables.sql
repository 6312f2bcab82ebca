-- Tables that grow with time become hypertables where the server has TimescaleDB. Repeating this changes nothing.
-- A chunk holds what is read together; old chunks lie in the columnstore, ordered as they are asked for. What gets a
-- few rows a day, such as features.volume_profiles and features.correlations, stays an ordinary table.
select create_hypertable(
    'market.candles', by_range('ts', interval '30 days'), if_not_exists => true, migrate_data => true
);
select create_hypertable(
    'market.live_candles', by_range('ts', interval '30 days'), if_not_exists => true, migrate_data => true
);
select create_hypertable(
    'features.technical_features', by_range('ts', interval '30 days'), if_not_exists => true, migrate_data => true
);
select create_hypertable(
    'features.chart_patterns', by_range('ts', interval '30 days'), if_not_exists => true, migrate_data => true
);
select create_hypertable(
    'features.custom_features', by_range('ts', interval '30 days'), if_not_exists => true, migrate_data => true
);
select create_hypertable(
    'features.depth_features', by_range('ts', interval '30 days'), if_not_exists => true, migrate_data => true
);
select create_hypertable(
    'features.news_features', by_range('ts', interval '30 days'), if_not_exists => true, migrate_data => true
);
select create_hypertable(
    'market.order_books', by_range('ts', interval '1 day'), if_not_exists => true, migrate_data => true
);
select create_hypertable(
    'market.public_trades', by_range('ts', interval '1 day'), if_not_exists => true, migrate_data => true
);

alter table market.candles set (
    timescaledb.enable_columnstore, -- noqa: PRS
    timescaledb.segmentby = 'venue, symbol, timeframe',
    timescaledb.orderby = 'ts, knowledge_ts'
);
alter table market.live_candles set (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'venue, symbol, timeframe',
    timescaledb.orderby = 'ts, knowledge_ts'
);
alter table features.technical_features set (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'book, venue, symbol, timeframe',
    timescaledb.orderby = 'ts, knowledge_ts'
);
alter table features.chart_patterns set (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'book, venue, symbol, timeframe',
    timescaledb.orderby = 'ts, pattern, knowledge_ts'
);
alter table features.custom_features set (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'book, venue, symbol, timeframe',
    timescaledb.orderby = 'ts, name, knowledge_ts'
);
alter table features.depth_features set (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'book, venue, symbol, timeframe',
    timescaledb.orderby = 'ts, knowledge_ts'
);
alter table features.news_features set (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'book, venue, symbol, timeframe',
    timescaledb.orderby = 'ts, knowledge_ts'
);
alter table market.order_books set (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'venue, symbol',
    timescaledb.orderby = 'ts, knowledge_ts'
);
alter table market.public_trades set (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'venue, symbol',
    timescaledb.orderby = 'ts, trade_id, knowledge_ts'
);

call add_columnstore_policy('market.candles', after => interval '90 days', if_not_exists => true);
call add_columnstore_policy('market.live_candles', after => interval '7 days', if_not_exists => true);
call add_columnstore_policy('features.technical_features', after => interval '90 days', if_not_exists => true);
call add_columnstore_policy('features.chart_patterns', after => interval '90 days', if_not_exists => true);
call add_columnstore_policy('features.custom_features', after => interval '90 days', if_not_exists => true);
call add_columnstore_policy('features.depth_features', after => interval '90 days', if_not_exists => true);
call add_columnstore_policy('features.news_features', after => interval '90 days', if_not_exists => true);
call add_columnstore_policy('market.order_books', after => interval '7 days', if_not_exists => true);
call add_columnstore_policy('market.public_trades', after => interval '7 days', if_not_exists => true);
