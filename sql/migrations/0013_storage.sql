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

-- How long the rows of a table stay in the database, and what becomes of them then.
create table ops.retention_policies (
    table_name text primary key,
    time_column text not null,
    hot interval not null check (hot > interval '0'),
    archived boolean not null,
    span text not null check (span in ('day', 'month')),
    note text not null,
    changed_at timestamptz not null default clock_timestamp(),
    changed_by text not null default current_user
);

insert into ops.retention_policies (table_name, time_column, hot, archived, span, note) values
('market.candles', 'ts', interval '50 years', true, 'month', 'kept: models read what is in the database'),
('market.order_books', 'ts', interval '30 days', true, 'day', 'moved to the archive'),
('market.public_trades', 'ts', interval '90 days', true, 'day', 'moved to the archive'),
('market.funding_rates', 'ts', interval '50 years', true, 'month', 'kept: models read what is in the database'),
('market.book_events', 'ts', interval '30 days', true, 'day', 'moved to the archive'),
('ops.quality_results', 'at', interval '2 years', false, 'day', 'deleted'),
(
    'dagster.event_logs', 'timestamp', interval '90 days', false, 'day',
    'deleted, but for what tells which assets and partitions were materialised and checked'
);

-- What must not be deleted, whatever a policy says; null: all of them.
create table ops.legal_holds (
    hold_id bigint generated always as identity primary key,
    table_name text,
    venue text,
    symbol text,
    since timestamptz not null default '-infinity',
    until timestamptz not null default 'infinity',
    reason text not null check (reason <> ''),
    placed_by text not null default current_user,
    placed_at timestamptz not null default clock_timestamp(),
    released_by text,
    released_at timestamptz,
    check (since < until),
    check ((released_at is null) = (released_by is null))
);

create function ops.refuse_held() returns trigger language plpgsql as $$
declare
    held record;
    whole boolean := tg_op = 'TRUNCATE';
    name text := tg_table_schema || '.' || tg_table_name;
begin
    -- A chunk of a hypertable is a table of its own; the trigger says whose it is.
    if tg_nargs > 0 then
        name := tg_argv[0];
    end if;
    if whole then
        select * into held from ops.legal_holds as h
        where h.released_at is null and coalesce(h.table_name, name) = name limit 1;
    else
        select * into held from ops.legal_holds as h
        where h.released_at is null and coalesce(h.table_name, name) = name
            and coalesce(h.venue, old.venue) = old.venue and coalesce(h.symbol, old.symbol) = old.symbol
            and old.ts >= h.since and old.ts < h.until limit 1;
    end if;
    if found then
        raise exception '% is under legal hold %: %', name, held.hold_id, held.reason
            using errcode = 'restrict_violation', hint = 'the hold is a row of ops.legal_holds';
    end if;
    if whole then
        return null;
    end if;
    return old;
end
$$;

create trigger held before delete on market.candles
for each row execute function ops.refuse_held('market.candles');
create trigger held before delete on market.order_books
for each row execute function ops.refuse_held('market.order_books');
create trigger held before delete on market.public_trades
for each row execute function ops.refuse_held('market.public_trades');
create trigger held before delete on market.funding_rates
for each row execute function ops.refuse_held('market.funding_rates');
create trigger held before delete on market.book_events
for each row execute function ops.refuse_held('market.book_events');
create trigger held_whole before truncate on market.candles
for each statement execute function ops.refuse_held('market.candles');
create trigger held_whole before truncate on market.order_books
for each statement execute function ops.refuse_held('market.order_books');
create trigger held_whole before truncate on market.public_trades
for each statement execute function ops.refuse_held('market.public_trades');
create trigger held_whole before truncate on market.funding_rates
for each statement execute function ops.refuse_held('market.funding_rates');
create trigger held_whole before truncate on market.book_events
for each statement execute function ops.refuse_held('market.book_events');

-- The manifest of the archive: a file holds all rows of one market and span, and they are nowhere else.
create table ops.archive_files (
    table_name text not null,
    venue text not null,
    symbol text not null,
    since timestamptz not null,
    until timestamptz not null,
    folder text not null,
    path text not null unique,
    row_count bigint not null check (row_count > 0),
    bytes bigint not null,
    sha256 text not null check (length(sha256) = 64),
    archived_at timestamptz not null default clock_timestamp(),
    primary key (table_name, venue, symbol, since),
    check (since < until)
);
