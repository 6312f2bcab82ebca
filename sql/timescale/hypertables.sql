-- Tables that grow with time become hypertables where the server has TimescaleDB. Repeating this changes nothing.
-- A chunk holds what is read together; old chunks lie in the columnstore, ordered as they are asked for.
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
call add_columnstore_policy('market.order_books', after => interval '7 days', if_not_exists => true);
call add_columnstore_policy('market.public_trades', after => interval '7 days', if_not_exists => true);
