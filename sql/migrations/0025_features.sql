-- Features beside the technical ones and the patterns: volume profiles, what users define, correlations,
-- order books.
create table features.volume_profiles (
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    poc double precision not null,
    value_low double precision not null,
    value_high double precision not null,
    volume double precision not null check (volume > 0),
    bars integer not null check (bars > 0),
    run_id text not null,
    code_version text not null,
    primary key (book, venue, symbol, timeframe, ts, knowledge_ts),
    check (value_low <= poc and poc <= value_high)
);

create table features.custom_features (
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    name text not null,
    knowledge_ts timestamptz not null,
    value double precision,
    run_id text not null,
    code_version text not null,
    primary key (book, venue, symbol, timeframe, ts, name, knowledge_ts),
    check (value > '-infinity' and value < 'infinity')
);

create table features.correlations (
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    other text not null,
    knowledge_ts timestamptz not null,
    value double precision not null check (value between -1 and 1),
    sample_value double precision not null check (sample_value between -1 and 1),
    shrinkage double precision not null check (shrinkage between 0 and 1),
    bars integer not null check (bars > 1),
    same_cluster boolean not null,
    run_id text not null,
    code_version text not null,
    primary key (book, venue, symbol, timeframe, ts, other, knowledge_ts),
    check (symbol < other)
);

create table features.depth_features (
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    spread_bps double precision not null check (spread_bps > 0),
    microprice_bps double precision not null,
    imbalance_5 double precision not null check (imbalance_5 between -1 and 1),
    imbalance_10 double precision not null check (imbalance_10 between -1 and 1),
    bid_slope double precision,
    ask_slope double precision,
    buy_impact_bps double precision,
    sell_impact_bps double precision,
    run_id text not null,
    code_version text not null,
    primary key (book, venue, symbol, timeframe, ts, knowledge_ts)
);

create view analytics.volume_profiles as
select
    p.book,
    p.venue,
    p.symbol,
    p.timeframe,
    p.ts,
    p.poc,
    p.value_low,
    p.value_high,
    p.volume,
    p.bars,
    p.knowledge_ts,
    p.run_id,
    p.code_version
from (
    select distinct on (v.book, v.venue, v.symbol, v.timeframe, v.ts) v.* from features.volume_profiles as v
    order by v.book asc, v.venue asc, v.symbol asc, v.timeframe asc, v.ts asc, v.knowledge_ts desc
) as p;

comment on view analytics.volume_profiles is
'One row per symbol and UTC day: at which prices it was traded, newest versions. Source: features.volume_profiles.';
comment on column analytics.volume_profiles.book is 'The book.';
comment on column analytics.volume_profiles.venue is 'Venue of the bars.';
comment on column analytics.volume_profiles.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.volume_profiles.timeframe is 'Length of the bars that it is counted from, such as 1h.';
comment on column analytics.volume_profiles.ts is 'Start of the day, UTC.';
comment on column analytics.volume_profiles.poc is
'Point of control: middle of the price bin with the most volume, quote per base currency.';
comment on column analytics.volume_profiles.value_low is
'Lower end of the value area, which holds 70 % of the volume, quote per base currency.';
comment on column analytics.volume_profiles.value_high is 'Upper end of the value area, quote per base currency.';
comment on column analytics.volume_profiles.volume is 'Volume of the day, base currency.';
comment on column analytics.volume_profiles.bars is 'How many bars of the day there were.';
comment on column analytics.volume_profiles.knowledge_ts is
'Since when this version is known, market time, UTC: the end of the day for the first.';
comment on column analytics.volume_profiles.run_id is 'Dagster run that wrote it.';
comment on column analytics.volume_profiles.code_version is 'Version of the code that wrote it.';

create view analytics.custom_features as
select
    p.book,
    p.venue,
    p.symbol,
    p.timeframe,
    p.ts,
    p.name,
    p.value,
    p.knowledge_ts,
    p.run_id,
    p.code_version
from (
    select distinct on (v.book, v.venue, v.symbol, v.timeframe, v.ts, v.name) v.* from features.custom_features as v
    order by v.book asc, v.venue asc, v.symbol asc, v.timeframe asc, v.ts asc, v.name asc, v.knowledge_ts desc
) as p;

comment on view analytics.custom_features is
'One row per bar and feature that a user has declared or plugged in, newest versions.
Source: features.custom_features.';
comment on column analytics.custom_features.book is 'The book.';
comment on column analytics.custom_features.venue is 'Venue of the bar.';
comment on column analytics.custom_features.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.custom_features.timeframe is 'Length of the bar, such as 1h.';
comment on column analytics.custom_features.ts is 'Open time of the bar, UTC.';
comment on column analytics.custom_features.name is 'Name of the combination or custom indicator.';
comment on column analytics.custom_features.value is
'Its value at the close of the bar, in the unit that its definition gives it; null in its warm-up.';
comment on column analytics.custom_features.knowledge_ts is 'Since when this version is known, market time, UTC.';
comment on column analytics.custom_features.run_id is 'Dagster run that wrote it.';
comment on column analytics.custom_features.code_version is 'Version of the code that wrote it.';

create view analytics.correlations as
select
    p.book,
    p.venue,
    p.symbol,
    p.timeframe,
    p.ts,
    p.other,
    p.value,
    p.sample_value,
    p.shrinkage,
    p.bars,
    p.same_cluster,
    p.knowledge_ts,
    p.run_id,
    p.code_version
from (
    select distinct on (v.book, v.venue, v.symbol, v.timeframe, v.ts, v.other) v.* from features.correlations as v
    order by v.book asc, v.venue asc, v.symbol asc, v.timeframe asc, v.ts asc, v.other asc, v.knowledge_ts desc
) as p;

comment on view analytics.correlations is
'One row per pair of symbols and UTC day: how they moved together until its end. Source: features.correlations.';
comment on column analytics.correlations.book is 'The book.';
comment on column analytics.correlations.venue is 'Venue of the bars.';
comment on column analytics.correlations.symbol is 'The first of the pair by its name, BASE/QUOTE.';
comment on column analytics.correlations.timeframe is 'Length of the bars whose log returns are compared, such as 1h.';
comment on column analytics.correlations.ts is 'Start of the day that ends the window, UTC.';
comment on column analytics.correlations.other is 'The second of the pair, BASE/QUOTE.';
comment on column analytics.correlations.value is
'Correlation over the bars of the window, -1 to 1, shrunk by Ledoit and Wolf (2004).';
comment on column analytics.correlations.sample_value is 'The same as the bars say it, not shrunk, -1 to 1.';
comment on column analytics.correlations.shrinkage is 'How far the correlations were drawn to 0, 0 to 1.';
comment on column analytics.correlations.bars is 'How many bars that all symbols share the window holds.';
comment on column analytics.correlations.same_cluster is 'Whether both moved in one cluster.';
comment on column analytics.correlations.knowledge_ts is 'Since when this version is known, market time, UTC.';
comment on column analytics.correlations.run_id is 'Dagster run that wrote it.';
comment on column analytics.correlations.code_version is 'Version of the code that wrote it.';

create view analytics.depth_features as
select
    p.book,
    p.venue,
    p.symbol,
    p.timeframe,
    p.ts,
    p.spread_bps,
    p.microprice_bps,
    p.imbalance_5,
    p.imbalance_10,
    p.bid_slope,
    p.ask_slope,
    p.buy_impact_bps,
    p.sell_impact_bps,
    p.knowledge_ts,
    p.run_id,
    p.code_version
from (
    select distinct on (v.book, v.venue, v.symbol, v.timeframe, v.ts) v.* from features.depth_features as v
    order by v.book asc, v.venue asc, v.symbol asc, v.timeframe asc, v.ts asc, v.knowledge_ts desc
) as p;

comment on view analytics.depth_features is
'One row per bar with a sound order book: what the last book of the bar says, newest versions.
Source: features.depth_features.';
comment on column analytics.depth_features.book is 'The book.';
comment on column analytics.depth_features.venue is 'Venue of the order book.';
comment on column analytics.depth_features.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.depth_features.timeframe is 'Length of the bar, such as 1h.';
comment on column analytics.depth_features.ts is 'Open time of the bar, UTC.';
comment on column analytics.depth_features.spread_bps is 'Best ask less best bid, basis points of the middle.';
comment on column analytics.depth_features.microprice_bps is
'How far the mean of the best prices, each weighted by the other side, lies above the middle, basis points.';
comment on column analytics.depth_features.imbalance_5 is
'(bids - asks) / (bids + asks) of the quantity on the best 5 levels, -1 to 1.';
comment on column analytics.depth_features.imbalance_10 is 'The same of the quantity on the best 10 levels, -1 to 1.';
comment on column analytics.depth_features.bid_slope is
'What rests on the best 10 bids per basis point that they reach below the middle, quote currency.';
comment on column analytics.depth_features.ask_slope is
'What rests on the best 10 asks per basis point that they reach above the middle, quote currency.';
comment on column analytics.depth_features.buy_impact_bps is
'What buying for 10,000 quote currency at once costs beyond the best ask, basis points; null where the best 10 levels do
not hold so much.';
comment on column analytics.depth_features.sell_impact_bps is
'What selling for 10,000 quote currency at once costs beyond the best bid, basis points; null as there.';
comment on column analytics.depth_features.knowledge_ts is 'Since when this version is known, market time, UTC.';
comment on column analytics.depth_features.run_id is 'Dagster run that wrote it.';
comment on column analytics.depth_features.code_version is 'Version of the code that wrote it.';
