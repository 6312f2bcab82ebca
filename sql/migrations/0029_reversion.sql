-- Whether a market reverts to its mean, and how fast, beside the technical features of its bars.
alter table features.technical_features add column dickey_fuller_168 double precision;
alter table features.technical_features add column half_life_168 double precision;

create view analytics.mean_reversion as
select distinct on (f.book, f.venue, f.symbol, f.timeframe, f.ts)
    f.book,
    f.venue,
    f.symbol,
    f.timeframe,
    f.ts,
    f.knowledge_ts,
    f.dickey_fuller_168,
    f.half_life_168,
    f.dickey_fuller_168 <= -2.88 as stationary,
    f.run_id,
    f.code_version
from features.technical_features as f
order by f.book asc, f.venue asc, f.symbol asc, f.timeframe asc, f.ts asc, f.knowledge_ts desc;

comment on view analytics.mean_reversion is
'One row per bar: whether its symbol was found to revert to a mean, and how fast; newest versions.
Source: features.technical_features.';
comment on column analytics.mean_reversion.book is 'The book.';
comment on column analytics.mean_reversion.venue is 'Venue of the bar.';
comment on column analytics.mean_reversion.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.mean_reversion.timeframe is 'Length of the bar, such as 1h.';
comment on column analytics.mean_reversion.ts is 'Open time of the bar, UTC.';
comment on column analytics.mean_reversion.knowledge_ts is 'Since when this version is known, market time, UTC.';
comment on column analytics.mean_reversion.dickey_fuller_168 is
'Dickey-Fuller t statistic of the log close over the last 168 bars, with a constant and no lags: the lower, the surer.';
comment on column analytics.mean_reversion.half_life_168 is
'Half-life of a distance from the mean over the same bars, in bars; null where distances do not shrink.';
comment on column analytics.mean_reversion.stationary is
'Whether the statistic is at most -2.88, as it is for 5 % of random walks; a strategy may set another limit.';
comment on column analytics.mean_reversion.run_id is 'Dagster run that wrote it.';
comment on column analytics.mean_reversion.code_version is 'Version of the code that wrote it.';
