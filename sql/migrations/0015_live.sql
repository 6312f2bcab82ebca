-- Bars as streams tell them, kept apart: market.candles has one writer, which reads on without holes and vets.
create table market.live_candles (
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    open double precision not null check (open > 0),
    high double precision not null,
    low double precision not null check (low > 0),
    close double precision not null,
    volume double precision not null check (volume >= 0),
    run_id text not null,
    code_version text not null,
    primary key (venue, symbol, timeframe, ts, knowledge_ts),
    check (high >= open and high >= close and low <= open and low <= close and high < 'infinity'),
    check (volume < 'infinity' and knowledge_ts > ts)
);

-- What was stored late is asked for all the time; it lies at the end of the table.
create index candles_recorded_at on market.candles using brin (recorded_at);

create view analytics.gate_refusals as
select
    d.book,
    d.strategy,
    d.symbol,
    d.signal_id,
    d.decision_no,
    d.decided_at,
    d.verdict,
    d.reason,
    q.check_name,
    q.run_id,
    q.affected,
    q.first_ts,
    q.last_ts,
    q.detail
from trading.risk_decisions as d
left join lateral (
    select
        r.check_name,
        r.run_id,
        r.affected,
        r.first_ts,
        r.last_ts,
        r.detail
    from ops.quality_results as r
    where
        r.book = d.book and r.symbol = d.symbol and r.blocking and r.at <= d.decided_at
        and position('gate_closed:' || r.check_name || ' ' in d.reason) > 0
    order by r.at desc, r.result_id desc
    limit 1
) as q on true
where position('gate_closed:' in d.reason) > 0;

comment on view analytics.gate_refusals is
'One row per decision that a closed gate kept from new risk, with the check that closed it. Source: trading, ops.';
comment on column analytics.gate_refusals.book is 'The book.';
comment on column analytics.gate_refusals.strategy is 'The strategy whose signal it was.';
comment on column analytics.gate_refusals.symbol is 'Its symbol.';
comment on column analytics.gate_refusals.signal_id is 'The signal.';
comment on column analytics.gate_refusals.decision_no is 'Number of the decision about that signal, from 1.';
comment on column analytics.gate_refusals.decided_at is 'When it was decided, market time, UTC.';
comment on column analytics.gate_refusals.check_name is
'The check that found something; null when a halt, a symbol state or a silent service closed the way.';
comment on column analytics.gate_refusals.run_id is 'The run that found it; "collector" when it came from the streams.';
comment on column analytics.gate_refusals.affected is 'How many rows it found.';
comment on column analytics.gate_refusals.first_ts is 'Time of the first of these rows, UTC.';
comment on column analytics.gate_refusals.last_ts is 'Time of the last of these rows, UTC.';
comment on column analytics.gate_refusals.verdict is 'TRADE, HOLD or DENIED: a closed gate lets exits and stops pass.';
comment on column analytics.gate_refusals.reason is 'All that shaped the decision, comma separated.';
comment on column analytics.gate_refusals.detail is 'What the check says about them.';
