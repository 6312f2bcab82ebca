-- How history is kept: rollups of bars, when rows were stored, how long they stay, where the old ones went.

-- What a bar of `timeframe` can be counted from: `bars` of `base` fill it.
create table market.rollup_steps (
    base text not null,
    timeframe text not null,
    width interval not null,
    bars integer not null,
    primary key (timeframe, base)
);

insert into market.rollup_steps (base, timeframe, width, bars)
select
    b.base,
    t.timeframe,
    make_interval(secs => t.seconds) as width,
    t.seconds / b.seconds as bars
from (
    values ('1s', 1), ('1m', 60), ('3m', 180), ('5m', 300), ('15m', 900), ('30m', 1800), ('1h', 3600), ('2h', 7200),
    ('4h', 14400), ('6h', 21600), ('8h', 28800), ('12h', 43200)
) as b (base, seconds)
inner join (
    values ('5m', 300), ('15m', 900), ('1h', 3600), ('4h', 14400), ('1d', 86400)
) as t (timeframe, seconds) on b.seconds < t.seconds and t.seconds % b.seconds = 0;

-- The meaning of a rollup: the newest known version of each stored bar, in the order of time.
create view market.recounted_rollups as
select
    c.venue,
    c.symbol,
    s.timeframe,
    s.base,
    date_bin(s.width, c.ts, timestamptz '1970-01-01 00:00:00+00') as ts,
    max(c.knowledge_ts) as knowledge_ts,
    (array_agg(c.open order by c.ts))[1] as open,
    max(c.high) as high,
    min(c.low) as low,
    (array_agg(c.close order by c.ts desc))[1] as close,
    sum(c.volume order by c.ts) as volume,
    count(*) as bars,
    count(*) = s.bars as complete
from market.rollup_steps as s
cross join
    lateral (
        select distinct on (v.venue, v.symbol, v.ts)
            v.venue,
            v.symbol,
            v.ts,
            v.knowledge_ts,
            v.open,
            v.high,
            v.low,
            v.close,
            v.volume
        from market.candles as v
        where v.timeframe = s.base
        order by v.venue asc, v.symbol asc, v.ts asc, v.knowledge_ts desc
    ) as c
group by
    c.venue,
    c.symbol,
    s.timeframe,
    s.base,
    s.bars,
    s.width,
    date_bin(s.width, c.ts, timestamptz '1970-01-01 00:00:00+00');

-- The same for the bars of one series with since <= ts < until, from the versions known at `known`.
create function market.rollups_as_of(
    of_venue text, of_symbol text, of_base text, since timestamptz, until timestamptz, known timestamptz
)
returns table (
    venue text,
    symbol text,
    timeframe text,
    base text,
    ts timestamptz,
    knowledge_ts timestamptz,
    open double precision,
    high double precision,
    low double precision,
    close double precision,
    volume double precision,
    bars bigint,
    complete boolean
)
language sql stable as $$
select
    of_venue,
    of_symbol,
    s.timeframe,
    of_base,
    date_bin(s.width, c.ts, timestamptz '1970-01-01 00:00:00+00'),
    max(c.knowledge_ts),
    (array_agg(c.open order by c.ts))[1],
    max(c.high),
    min(c.low),
    (array_agg(c.close order by c.ts desc))[1],
    sum(c.volume order by c.ts),
    count(*),
    count(*) = s.bars
from market.rollup_steps as s
cross join (
    select distinct on (v.ts) v.*
    from market.candles as v
    where v.venue = of_venue and v.symbol = of_symbol and v.timeframe = of_base
        and v.ts >= since and v.ts < until and v.knowledge_ts <= known
    order by v.ts asc, v.knowledge_ts desc
) as c
where s.base = of_base
group by s.timeframe, s.bars, s.width, date_bin(s.width, c.ts, timestamptz '1970-01-01 00:00:00+00')
$$;

create view market.rollups as
select
    venue,
    symbol,
    timeframe,
    base,
    ts,
    knowledge_ts,
    open,
    high,
    low,
    close,
    volume,
    bars,
    complete
from market.recounted_rollups;

comment on view market.rollups is
'Bars of 5m, 15m, 1h, 4h and 1d counted from the newest known versions of the bars of `base`. ts = open time UTC,
prices in quote, volume in base currency; bars = how many of them there were, complete = all of them.';

-- When a row was stored, by the clock of who wrote it; null: before this column was. knowledge_ts says since when a row
-- could be known, for a bar fetched years later its close (docs/decisions/0001): what a reader saw at t takes both.
alter table market.instruments add column recorded_at timestamptz;
alter table market.candles add column recorded_at timestamptz;
alter table market.order_books add column recorded_at timestamptz;
alter table market.public_trades add column recorded_at timestamptz;
alter table market.funding_rates add column recorded_at timestamptz;
alter table market.instruments alter column recorded_at set default clock_timestamp();
alter table market.candles alter column recorded_at set default clock_timestamp();
alter table market.order_books alter column recorded_at set default clock_timestamp();
alter table market.public_trades alter column recorded_at set default clock_timestamp();
alter table market.funding_rates alter column recorded_at set default clock_timestamp();
