-- Rollups as continuous aggregates. They can miss what comes late, so nobody reads them alone: each change of
-- market.candles marks its day in the same transaction, a marked day is counted from the bars, and refreshing a day
-- takes its marks away. What market.rollups answers is a recount at every moment; refreshing only makes it quick.
create table if not exists market.rollup_marks (
    mark_id bigint generated always as identity primary key,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    day timestamptz not null
);

create or replace function market.mark_rollups() returns trigger language plpgsql as $$
begin
    insert into market.rollup_marks (venue, symbol, timeframe, day)
    select distinct venue, symbol, timeframe, date_trunc('day', ts, 'UTC') from changed;
    return null;
end
$$;

-- A hypertable tells its deleted rows one by one; a day is marked when it is another than that of the row before.
create or replace function market.mark_rollup_of_row() returns trigger language plpgsql as $$
declare
    gone record;
    mark text;
begin
    foreach gone in array case tg_op when 'UPDATE' then array[old, new] else array[old] end loop
        mark := concat_ws('|', txid_current(), gone.venue, gone.symbol, gone.timeframe, date_trunc('day', gone.ts, 'UTC'));
        if mark is distinct from current_setting('tradewind.marked', true) then
            insert into market.rollup_marks (venue, symbol, timeframe, day)
            values (gone.venue, gone.symbol, gone.timeframe, date_trunc('day', gone.ts, 'UTC'));
            perform set_config('tradewind.marked', mark, true);
        end if;
    end loop;
    return null;
end
$$;

create or replace function market.mark_all_rollups() returns trigger language plpgsql as $$
begin
    insert into market.rollup_marks (venue, symbol, timeframe, day)
    select distinct venue, symbol, timeframe, date_trunc('day', ts, 'UTC') from market.candles;
    return null;
end
$$;

create or replace trigger mark_inserted after insert on market.candles
referencing new table as changed for each statement execute function market.mark_rollups();
create or replace trigger mark_changed after update or delete on market.candles
for each row execute function market.mark_rollup_of_row();
create or replace trigger mark_truncated before truncate on market.candles
for each statement execute function market.mark_all_rollups();

-- The state of one bucket: 1 to 6 the time and numbers of the bar at hand, 7 to 10 open, high, low and volume of the
-- bars before it, 11 how many they are. Rows come in the order of ts, knowledge_ts: a later version replaces the bar.
create or replace function market.roll_in(
    state double precision[], at double precision, o double precision, h double precision, l double precision,
    c double precision, v double precision
) returns double precision[] language plpgsql immutable parallel safe as $$
begin
    if state is null then
        return array[at, o, h, l, c, v, null, null, null, null, 0];
    elsif state[1] = at then
        return array[at, o, h, l, c, v] || state[7:11];
    elsif state[11] = 0 then
        return array[at, o, h, l, c, v, state[2], state[3], state[4], state[6], 1];
    end if;
    return array[
        at, o, h, l, c, v, state[7], greatest(state[8], state[3]), least(state[9], state[4]), state[10] + state[6],
        state[11] + 1
    ];
end
$$;

-- What the state amounts to: open, high, low, close, volume and the number of bars.
create or replace function market.roll_out(state double precision[])
returns double precision[] language sql immutable parallel safe as $$
select array[
    coalesce(state[7], state[2]), greatest(state[8], state[3]), least(state[9], state[4]), state[5],
    coalesce(state[10] + state[6], state[6]), state[11] + 1
]
$$;

create or replace aggregate market.roll( -- noqa: PRS
    double precision, double precision, double precision, double precision, double precision, double precision
) (sfunc = market.roll_in, stype = double precision[], finalfunc = market.roll_out, parallel = safe);

do $$
declare
    step record;
begin
    if to_regclass('market.rolled_1d') is not null then
        return;
    end if;
    for step in select timeframe, width, array_agg(base) as bases from market.rollup_steps group by timeframe, width loop
        execute format(
            'create materialized view market.rolled_%1$s with (timescaledb.continuous, timescaledb.materialized_only)'
            ' as select venue, symbol, timeframe as base, time_bucket(%2$L::interval, ts) as ts,'
            ' max(knowledge_ts) as knowledge_ts, market.roll(extract(epoch from ts)::double precision, open, high,'
            ' low, close, volume order by ts, knowledge_ts) as bar from market.candles where timeframe = any(%3$L)'
            ' group by 1, 2, 3, 4 with no data',
            step.timeframe, step.width, step.bases
        );
    end loop;
    insert into market.rollup_marks (venue, symbol, timeframe, day)
    select distinct venue, symbol, timeframe, date_trunc('day', ts, 'UTC') from market.candles;
end
$$;

create or replace view market.rollups as
select
    r.venue,
    r.symbol,
    r.timeframe,
    r.base,
    r.ts,
    r.knowledge_ts,
    r.bar[1] as open,
    r.bar[2] as high,
    r.bar[3] as low,
    r.bar[4] as close,
    r.bar[5] as volume,
    r.bar[6]::bigint as bars,
    r.bar[6] = s.bars as complete
from (
    select '5m' as timeframe, * from market.rolled_5m -- noqa: AM04
    union all
    select '15m', * from market.rolled_15m
    union all
    select '1h', * from market.rolled_1h
    union all
    select '4h', * from market.rolled_4h
    union all
    select '1d', * from market.rolled_1d
) as r
inner join market.rollup_steps as s on r.timeframe = s.timeframe and r.base = s.base
where not exists (
    select 1 from market.rollup_marks as m
    where m.venue = r.venue and m.symbol = r.symbol and m.timeframe = r.base
        and m.day = date_trunc('day', r.ts, 'UTC')
)
union all
select w.*
from (select distinct venue, symbol, timeframe, day from market.rollup_marks) as m
cross join lateral market.rollups_as_of(
    m.venue, m.symbol, m.timeframe, m.day, m.day + interval '24 hours', 'infinity'
) as w;
