"""The one statement that follows a version of a candle through every table that was computed from it.

Parameters: books, venue, symbol, timeframe, ts, bar (length), known and replaced (from when to when the version was the
newest one that a reader could see; replaced may be null). The rules are told in `adapters/evidence/trace.py`.
"""

#: Whether what was looked at then saw the version, or a row with `since` and `replaced`.
_SAW = "{at} >= %(known)s and (%(replaced)s::timestamptz is null or {at} < %(replaced)s)"
_SHOWN = "{row}.since <= {at} and ({row}.replaced is null or {row}.replaced > {at})"

_RUNS = """
runs as materialized (
    select looked.book, looked.run_id, max(looked.at) as at
    from (
        select f.book, f.run_id, greatest(f.knowledge_ts, c.at) as at
        from features.technical_features as f
        left join (
            select v.ts, min(greatest(v.knowledge_ts, v.recorded_at)) as at
            from market.candles as v
            where v.venue = %(venue)s and v.symbol = %(symbol)s and v.timeframe = %(timeframe)s
            group by v.ts
        ) as c on f.ts = c.ts
        where
            f.book = any(%(books)s) and f.venue = %(venue)s and f.symbol = %(symbol)s
            and f.timeframe = %(timeframe)s
        union all
        select b.book, v.run_id, greatest(v.knowledge_ts, v.recorded_at) as at
        from market.candles as v
        cross join unnest(%(books)s::text[]) as b (book)
        where v.venue = %(venue)s and v.symbol = %(symbol)s and v.timeframe = %(timeframe)s
    ) as looked
    group by looked.book, looked.run_id
)"""

_FEATURES = f"""
touched_features as materialized (
    select f.book, f.ts, f.knowledge_ts, f.run_id, greatest(f.knowledge_ts, r.at) as since, f.replaced
    from (
        select
            t.book, t.ts, t.knowledge_ts, t.run_id,
            lead(t.knowledge_ts) over (partition by t.book, t.ts order by t.knowledge_ts) as replaced
        from features.technical_features as t
        where
            t.book = any(%(books)s) and t.venue = %(venue)s and t.symbol = %(symbol)s
            and t.timeframe = %(timeframe)s and t.ts >= %(ts)s
    ) as f
    inner join runs as r on f.book = r.book and f.run_id = r.run_id
    where {_SAW.format(at="r.at")}
    order by f.ts
)"""  # noqa: S608

_BY_FEATURES = f"""exists (
        select 1 from touched_features as f
        where f.book = m.book and f.ts between m.trained_from and m.trained_to and {_SHOWN.format(row="f", at="m.at")}
    )"""  # noqa: S608

_MODELS = f"""
touched_models as materialized (
    select m.book, m.model_id, m.kind, m.trained_from, m.trained_to, m.knowledge_ts
    from (
        select p.*, greatest(p.knowledge_ts, r.at) as at
        from training.price_models as p
        left join runs as r on p.book = r.book and p.run_id = r.run_id
        where p.book = any(%(books)s)
    ) as m
    where (
        %(ts)s between m.trained_from and m.trained_to + (m.parameters ->> 'horizon')::integer * %(bar)s::interval
        and {_SAW.format(at="m.at")}
    ) or {_BY_FEATURES}
    union all
    select m.book, m.model_id, m.kind, m.trained_from, m.trained_to, m.knowledge_ts
    from (
        select p.*, greatest(p.knowledge_ts, r.at) as at
        from training.regime_models as p
        left join runs as r on p.book = r.book and p.run_id = r.run_id
        where p.book = any(%(books)s)
    ) as m
    where {_BY_FEATURES}
)"""  # noqa: S608


def _told(name: str, table: str, joined: str) -> str:
    """Return the rows of forecasts.<table> that a touched model told, or that `joined` finds to rest on features."""
    return f"""
{name} as materialized (
    select p.book, p.symbol, p.ts, p.knowledge_ts, p.model_id, p.run_id, p.at as since, p.replaced
    from (
        select
            t.book, t.symbol, t.ts, t.knowledge_ts, t.model_id, t.run_id, greatest(t.knowledge_ts, r.at) as at,
            lead(t.knowledge_ts) over (partition by t.book, t.symbol, t.ts order by t.knowledge_ts) as replaced
        from forecasts.{table} as t
        left join runs as r on t.book = r.book and t.run_id = r.run_id
        where t.book = any(%(books)s) and t.venue = %(venue)s and t.timeframe = %(timeframe)s
    ) as p
    left join touched_models as m on p.book = m.book and p.model_id = m.model_id
    {joined}
    where m.model_id is not null or f.ts is not null
)"""  # noqa: S608


#: A forecast rests on one row of features.
_OF_ITS_BAR = f"""left join touched_features as f
        on p.symbol = %(symbol)s and p.book = f.book and p.ts = f.ts and {_SHOWN.format(row="f", at="p.at")}"""

#: A regime rests on all rows up to its bar: whether one of them is touched. Of rows that were replaced at one time, one
#: that is neither earlier nor was known earlier than another proves nothing that the other does not: mostly one is
#: left, where else every regime would be compared with every row.
_SPANS = """
spans as materialized (
    select f.book, f.since, f.replaced, f.ts
    from (
        select
            t.book, t.since, t.replaced, t.ts,
            min(t.since) over (
                partition by t.book, t.replaced order by t.ts, t.since
                rows between unbounded preceding and 1 preceding
            ) as before
        from touched_features as t
    ) as f
    where f.before is null or f.since < f.before
    order by f.ts
)"""
_UP_TO_ITS_BAR = f"""left join lateral (
        select f.ts from spans as f
        where
            m.model_id is null and p.symbol = %(symbol)s and p.ts >= %(ts)s
            and f.book = p.book and f.ts <= p.ts and {_SHOWN.format(row="f", at="p.at")}
        limit 1
    ) as f on true"""  # noqa: S608

_SIGNALS = f"""
touched_signals as materialized (
    select
        s.signal_id, s.book, s.strategy, s.symbol, s.ts, s.decided_at,
        array_remove(array[
            case when s.symbol = %(symbol)s and s.ts = %(ts)s and {_SAW.format(at="s.at")} then 'candle' end,
            case when f.ts is not null then 'features' end,
            case when p.ts is not null then 'forecast' end,
            case when q.ts is not null then 'regime' end,
            case when m.model_id is not null then 'model' end
        ], null) as through
    from (
        select t.*, greatest(t.decided_at + interval '999 microseconds', r.at) as at
        from signals.strategy_signals as t
        left join runs as r on t.book = r.book and t.run_id = r.run_id
        where t.book = any(%(books)s) and t.venue = %(venue)s and t.timeframe = %(timeframe)s
    ) as s
    left join touched_features as f
        on s.symbol = %(symbol)s and s.book = f.book and s.ts = f.ts and {_SHOWN.format(row="f", at="s.at")}
    left join touched_forecasts as p
        on
            s.forecast_hash is not null and s.book = p.book and s.symbol = p.symbol and s.ts = p.ts
            and {_SHOWN.format(row="p", at="s.at")}
    left join touched_regimes as q
        on
            s.regime is not null and s.book = q.book and s.symbol = q.symbol and s.ts = q.ts
            and {_SHOWN.format(row="q", at="s.at")}
    left join touched_models as m on s.book = m.book and s.model_id = m.model_id
    where
        f.ts is not null or p.ts is not null or q.ts is not null or m.model_id is not null
        or (s.symbol = %(symbol)s and s.ts = %(ts)s and {_SAW.format(at="s.at")})
)"""  # noqa: S608

_TRADED = """
touched_orders as materialized (
    select o.*, s.through
    from trading.orders as o
    inner join touched_signals as s on o.signal_id = s.signal_id
),
marks as materialized (
    select k.symbol, c.close::text::numeric as price
    from (select distinct o.symbol from touched_orders as o) as k
    cross join lateral (
        select v.close from market.candles as v
        where v.venue = %(venue)s and v.symbol = k.symbol and v.timeframe = %(timeframe)s
        order by v.ts desc, v.knowledge_ts desc limit 1
    ) as c
),
touched_fills as materialized (
    select
        f.*, o.strategy, k.price as mark,
        case f.side when 'BUY' then f.quantity else -f.quantity end * (k.price - f.price) as moved,
        case
            when f.fee = 0 then 0
            when f.fee_currency = split_part(f.symbol, '/', 2) then f.fee
            when f.fee_currency = split_part(f.symbol, '/', 1) then f.fee * k.price
        end as fee_quote
    from touched_orders as o
    inner join trading.fills as f on o.client_id = f.client_id
    inner join marks as k on f.symbol = k.symbol
)"""

_ROWS = """
select 'features' as kind, t.book, %(symbol)s::text as symbol, t.ts as at,
    jsonb_build_object('knowledge_ts', t.knowledge_ts, 'run_id', t.run_id) as told
from touched_features as t
union all
select 'models', t.book, null, t.knowledge_ts,
    jsonb_build_object('model_id', t.model_id, 'kind', t.kind, 'trained_from', t.trained_from,
    'trained_to', t.trained_to)
from touched_models as t
union all
select 'forecasts', t.book, t.symbol, t.ts,
    jsonb_build_object('knowledge_ts', t.knowledge_ts, 'model_id', t.model_id, 'run_id', t.run_id)
from touched_forecasts as t
union all
select 'regimes', t.book, t.symbol, t.ts,
    jsonb_build_object('knowledge_ts', t.knowledge_ts, 'model_id', t.model_id, 'run_id', t.run_id)
from touched_regimes as t
union all
select 'signals', t.book, t.symbol, t.ts,
    jsonb_build_object('signal_id', t.signal_id, 'strategy', t.strategy, 'through', t.through)
from touched_signals as t
union all
select 'orders', t.book, t.symbol, t.created_at,
    jsonb_build_object('client_id', t.client_id, 'signal_id', t.signal_id, 'strategy', t.strategy, 'leg', t.leg,
    'side', t.side, 'quantity', t.quantity::text, 'state', t.state, 'through', t.through)
from touched_orders as t
union all
select 'fills', t.book, t.symbol, t.ts,
    jsonb_build_object('client_id', t.client_id, 'strategy', t.strategy, 'trade_id', t.trade_id, 'side', t.side,
    'price', t.price::text, 'quantity', t.quantity::text, 'fee', t.fee::text, 'fee_currency', t.fee_currency,
    'mark', t.mark::text, 'fee_quote', t.fee_quote::text, 'pnl', (t.moved - t.fee_quote)::text)
from touched_fills as t
order by at, symbol, kind
"""

#: By kind and what tells its rows apart: symbol, kind of the model, or how a signal was reached.
_COUNTS = """
select
    all_rows.kind, all_rows.label, count(*) as number, min(all_rows.at) as first, max(all_rows.at) as last,
    sum(all_rows.pnl) as pnl, count(*) - count(all_rows.pnl) as unpriced
from (
    select 'features' as kind, %(symbol)s::text as label, t.ts as at, null::numeric as pnl from touched_features as t
    union all
    select 'models', t.kind, t.knowledge_ts, null from touched_models as t
    union all
    select 'forecasts', t.symbol, t.ts, null from touched_forecasts as t
    union all
    select 'regimes', t.symbol, t.ts, null from touched_regimes as t
    union all
    select 'signals', array_to_string(t.through, ','), t.ts, null from touched_signals as t
    union all
    select 'orders', array_to_string(t.through, ','), t.created_at, null from touched_orders as t
    union all
    select 'fills', t.symbol, t.ts, t.moved - t.fee_quote from touched_fills as t
) as all_rows
group by all_rows.kind, all_rows.label
order by all_rows.kind, all_rows.label
"""

_TOUCHED = "with " + ",".join(
    (
        _RUNS,
        _FEATURES,
        _SPANS,
        _MODELS,
        _told("touched_forecasts", "price_forecasts", _OF_ITS_BAR),
        _told("touched_regimes", "market_regimes", _UP_TO_ITS_BAR),
        _SIGNALS,
        _TRADED,
    )
)

#: Every row: kind, book, symbol, at and what else is told of it.
ROWS = _TOUCHED + _ROWS
#: Their number by kind and label, with the first and the last.
COUNTS = _TOUCHED + _COUNTS
