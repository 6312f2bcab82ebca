-- Candlestick patterns, and what they are worth: how often the price went their way afterwards, against all other bars.
create table features.chart_patterns (
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    pattern text not null,
    knowledge_ts timestamptz not null,
    -- 0 withdraws a pattern that a revised bar does not show any more.
    direction smallint not null check (direction between -1 and 1),
    strength smallint not null check (strength between 0 and 200 and (strength = 0) = (direction = 0)),
    run_id text not null,
    code_version text not null,
    primary key (book, venue, symbol, timeframe, ts, pattern, knowledge_ts)
);

create view analytics.chart_patterns as
select
    p.book,
    p.venue,
    p.symbol,
    p.timeframe,
    p.ts,
    p.pattern,
    p.direction,
    p.strength,
    p.knowledge_ts,
    p.run_id,
    p.code_version
from (
    select distinct on (v.book, v.venue, v.symbol, v.timeframe, v.ts, v.pattern) v.* from features.chart_patterns as v
    order by v.book asc, v.venue asc, v.symbol asc, v.timeframe asc, v.ts asc, v.pattern asc, v.knowledge_ts desc
) as p
where p.direction <> 0;

comment on view analytics.chart_patterns is
'One row per bar and candlestick pattern that it completes, newest versions. Source: features.chart_patterns.';
comment on column analytics.chart_patterns.book is 'The book.';
comment on column analytics.chart_patterns.venue is 'Venue of the bar.';
comment on column analytics.chart_patterns.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.chart_patterns.timeframe is 'Length of the bar, such as 1h.';
comment on column analytics.chart_patterns.ts is 'Open time of the last bar of the pattern, UTC.';
comment on column analytics.chart_patterns.pattern is 'Name that TA-Lib gives it, such as cdlengulfing.';
comment on column analytics.chart_patterns.direction is '1 for rising, -1 for falling, as TA-Lib has it.';
comment on column analytics.chart_patterns.strength is 'What TA-Lib says of it: 80, 100, or 200 for a confirmed one.';
comment on column analytics.chart_patterns.knowledge_ts is 'Since when this version is known, market time, UTC.';
comment on column analytics.chart_patterns.run_id is 'Dagster run that wrote it.';
comment on column analytics.chart_patterns.code_version is 'Version of the code that wrote it.';

create view analytics.pattern_hit_rates as
with spans as (
    select
        p.book,
        p.venue,
        p.symbol,
        p.timeframe,
        min(p.ts) as first_ts,
        max(p.ts) as last_ts
    from features.chart_patterns as p
    group by p.book, p.venue, p.symbol, p.timeframe
),

-- A horizon counts bars; where one is missing on the way there is no answer.
moves as (
    select
        s.book,
        s.venue,
        s.symbol,
        s.timeframe,
        c.ts,
        h.bars,
        ln(h.close / c.close) as log_return
    from spans as s
    inner join (
        select
            k.venue,
            k.symbol,
            k.timeframe,
            k.ts,
            k.close,
            lead(k.ts, 1) over line as ts_1,
            lead(k.close, 1) over line as close_1,
            lead(k.ts, 4) over line as ts_4,
            lead(k.close, 4) over line as close_4,
            lead(k.ts, 24) over line as ts_24,
            lead(k.close, 24) over line as close_24
        from market.candles_current as k
        window line as (partition by k.venue, k.symbol, k.timeframe order by k.ts)
    ) as c on s.venue = c.venue and s.symbol = c.symbol and s.timeframe = c.timeframe
    cross join
        lateral (
            values (1, c.ts_1, c.close_1), (4, c.ts_4, c.close_4), (24, c.ts_24, c.close_24)
        ) as h (bars, ts, close)
    where c.ts between s.first_ts and s.last_ts and h.ts = c.ts + h.bars * c.timeframe::interval
),

totals as (
    select
        m.book,
        m.venue,
        m.timeframe,
        y.symbol,
        m.bars,
        count(*) as bars_seen,
        count(*) filter (where m.log_return > 0) as rises,
        count(*) filter (where m.log_return < 0) as falls,
        sum(m.log_return) as log_return
    from moves as m
    cross join lateral (values (m.symbol), ('all')) as y (symbol)
    group by m.book, m.venue, m.timeframe, y.symbol, m.bars
),

hits as (
    select
        m.book,
        m.venue,
        m.timeframe,
        y.symbol,
        m.bars,
        p.pattern,
        p.direction,
        count(*) as occurrences,
        count(*) filter (where m.log_return > 0) as rises,
        count(*) filter (where m.log_return < 0) as falls,
        sum(m.log_return) as log_return
    from moves as m
    inner join analytics.chart_patterns as p
        on
            m.book = p.book and m.venue = p.venue and m.symbol = p.symbol and m.timeframe = p.timeframe
            and m.ts = p.ts
    cross join lateral (values (m.symbol), ('all')) as y (symbol)
    group by m.book, m.venue, m.timeframe, y.symbol, m.bars, p.pattern, p.direction
),

-- The other bars are those that show the pattern in neither direction.
compared as (
    select
        h.book,
        h.venue,
        h.symbol,
        h.timeframe,
        h.pattern,
        h.direction,
        h.bars,
        h.occurrences,
        (case h.direction when 1 then h.rises else h.falls end)::double precision as right_,
        h.log_return / h.occurrences as mean_log_return,
        t.bars_seen - sum(h.occurrences) over both_ways as others,
        case h.direction
            when 1 then t.rises - sum(h.rises) over both_ways else t.falls - sum(h.falls) over both_ways
        end as others_right,
        t.log_return - sum(h.log_return) over both_ways as others_log_return
    from hits as h
    inner join totals as t
        on
            h.book = t.book and h.venue = t.venue and h.timeframe = t.timeframe and h.symbol = t.symbol
            and h.bars = t.bars
    window both_ways as (partition by h.book, h.venue, h.timeframe, h.symbol, h.bars, h.pattern)
)

select
    c.book,
    c.venue,
    c.symbol,
    c.timeframe,
    c.pattern,
    c.direction,
    c.bars as horizon,
    c.occurrences,
    c.right_ / c.occurrences as share_right,
    w.middle - w.reach as share_right_low,
    w.middle + w.reach as share_right_high,
    (c.others_right / nullif(c.others, 0))::double precision as others_share_right,
    c.mean_log_return,
    c.others_log_return / nullif(c.others, 0)::double precision as others_mean_log_return,
    case
        when c.others = 0 then 'nothing to compare with'
        when w.middle - w.reach > c.others_right / c.others then 'better'
        when w.middle + w.reach < c.others_right / c.others then 'worse'
        else 'no better than chance'
    end as verdict
from compared as c
-- Wilson's interval of 95 %: 1.96 standard deviations, squared 3.84.
cross join lateral (
    select
        (c.right_ + 1.9207294103470615) / (c.occurrences + 3.841458820694123) as middle,
        1.959963984540054 * sqrt(c.right_ * (c.occurrences - c.right_) / c.occurrences + 0.9603647051735308)
        / (c.occurrences + 3.841458820694123) as reach
) as w;

comment on view analytics.pattern_hit_rates is
'One row per candlestick pattern, direction and horizon: how often the price went its way, against all other bars.
Source: features.chart_patterns, market.candles.';
comment on column analytics.pattern_hit_rates.book is 'The book.';
comment on column analytics.pattern_hit_rates.venue is 'Venue of the bars.';
comment on column analytics.pattern_hit_rates.symbol is 'Symbol, BASE/QUOTE, or "all" for all of the book together.';
comment on column analytics.pattern_hit_rates.timeframe is 'Length of a bar, such as 1h.';
comment on column analytics.pattern_hit_rates.pattern is 'Name that TA-Lib gives it, such as cdlengulfing.';
comment on column analytics.pattern_hit_rates.direction is '1 for rising, -1 for falling, as TA-Lib has it.';
comment on column analytics.pattern_hit_rates.horizon is 'How many bars later the close is compared: 1, 4 or 24.';
comment on column analytics.pattern_hit_rates.occurrences is
'How many bars show it and have a bar at the horizon without one missing between.';
comment on column analytics.pattern_hit_rates.share_right is
'Share of these after which the close lay on the side of direction; an equal close is wrong.';
comment on column analytics.pattern_hit_rates.share_right_low is
'Lower end of the 95 % interval (Wilson) of share_right, 0 to 1.';
comment on column analytics.pattern_hit_rates.share_right_high is 'Upper end of that interval, 0 to 1.';
comment on column analytics.pattern_hit_rates.others_share_right is
'Share of the bars without this pattern after which the close lay on that side: what a guess gets.';
comment on column analytics.pattern_hit_rates.mean_log_return is 'Mean log return over the horizon after the pattern.';
comment on column analytics.pattern_hit_rates.others_mean_log_return is
'Mean log return over the horizon after the bars without this pattern.';
comment on column analytics.pattern_hit_rates.verdict is
'better or worse than the other bars where these lie outside the interval, else no better than chance. Of twenty
worthless rows one looks better or worse all the same.';
