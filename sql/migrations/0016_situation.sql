-- What a decision rests on comes in one journey, read after its lock: statements of one function see what was committed
-- before each of them, those of one query only what was there before its first.

-- The first thing that closes the way to new risk, null when nothing does: halt, symbol state, doubt, data gate.
create function trading.gate(book_ text, venue_ text, symbol_ text) returns text stable language plpgsql as $$
begin
    return (
        select reasons.why
        from (
            select 1 as place, 'halt ' || h.reason as why
            from trading.halts as h
            where h.book = book_ and (h.symbol is null or h.symbol = symbol_) and h.lifted_at is null
            union all
            select 2 as place, 'symbol ' || s.state || ' ' || s.reason as why
            from trading.symbol_states as s
            where s.book = book_ and s.symbol = symbol_ and s.state <> 'OPEN'
            union all
            select 3 as place, 'order ' || o.client_id || ' is UNKNOWN' as why
            from trading.orders as o
            where o.book = book_ and o.symbol = symbol_ and o.state = 'UNKNOWN'
            union all
            select 4 as place, g.check_name || ' ' || g.detail as why
            from ops.gates as g
            where g.book = book_ and g.venue = venue_ and g.symbol = symbol_ and g.closed
            union all
            -- A book without a collector has no row here; one whose collector is silent cannot know what is wrong.
            select 5 as place, 'collector silent' as why
            from ops.heartbeats as b
            where b.service = 'collector' and b.book = book_ and b.at < clock_timestamp() - interval '5 s'
        ) as reasons
        order by reasons.place, reasons.why
        limit 1
    );
end
$$;

-- One row for each living order of the sub-account, oldest first, or one without any.
create function trading.situation(book_ text, strategy_ text, symbol_ text, venue_ text, arriving_ text)
returns table (
    body jsonb,
    next_no integer,
    symbol_state text,
    known_hash text,
    accounts text[],
    currencies text[],
    amounts numeric[],
    closed_by text,
    peak numeric,
    stopped_at timestamptz,
    stop_floor numeric,
    refused text[],
    working trading.orders
) volatile language plpgsql as $$
declare
    force record;
begin
    -- One transaction at a time decides for a sub-account.
    perform pg_advisory_xact_lock(hashtextextended(book_ || '|' || strategy_ || '|' || symbol_, 7466924));
    select i.signal_id, i.body into force
    from trading.inbox as i
    where
        i.book = book_ and i.status = 'ACCEPTED'
        and i.body ->> 'strategy' = strategy_ and i.body ->> 'symbol' = symbol_
    order by i.body ->> 'decided_at' desc, i.signal_id desc
    limit 1;
    return query
    with held as (
        select
            array_agg(b.account order by b.account, b.currency) as accounts,
            array_agg(b.currency order by b.account, b.currency) as currencies,
            array_agg(b.amount order by b.account, b.currency) as amounts
        from trading.balances as b
        where b.book = book_ and b.strategy = strategy_ and b.symbol = symbol_
    ),

    -- Only the newest stop counts, and only while it has not filled: a filled one ended the position it protected.
    stop as (
        select s.stop_price, s.filled, s.created_at
        from trading.orders as s
        where
            s.book = book_ and s.strategy = strategy_ and s.symbol = symbol_ and s.leg = 'stop'
            and s.state not in ('REJECTED', 'ABSENT')
        order by s.created_at desc, s.stop_price desc nulls first
        limit 1
    )

    select
        force.body,
        (
            select coalesce(max(d.decision_no), 0) + 1
            from trading.risk_decisions as d where d.signal_id = force.signal_id
        ),
        (select y.state from trading.symbol_states as y where y.book = book_ and y.symbol = symbol_),
        (select n.body_hash from trading.inbox as n where n.signal_id = arriving_),
        coalesce(held.accounts, '{}'),
        coalesce(held.currencies, '{}'),
        coalesce(held.amounts, '{}'),
        trading.gate(book_, venue_, symbol_),
        (
            select p.equity from trading.equity_peaks as p
            where p.book = book_ and p.strategy = strategy_ and p.symbol = symbol_
        ),
        (
            select max(f.ts)
            from trading.orders as o
            inner join trading.fills as f on o.client_id = f.client_id
            where o.book = book_ and o.strategy = strategy_ and o.symbol = symbol_ and o.leg = 'stop'
        ),
        (
            select stop.stop_price from stop
            where
                stop.filled = 0 and not exists (
                    select 1 from trading.risk_decisions as d
                    where
                        d.book = book_ and d.strategy = strategy_ and d.symbol = symbol_
                        and d.target_quantity = 0 and d.decided_at >= stop.created_at
                )
        ),
        -- An attempt that another one followed was not refused: it came too late, or never left.
        array(
            select o.leg from trading.orders as o
            where
                o.book = book_ and o.signal_id = force.signal_id
                and (o.state = 'REJECTED' or (o.state = 'EXPIRED' and o.filled = 0))
                and not exists (
                    select 1 from trading.orders as n
                    where
                        n.signal_id = o.signal_id and n.decision_no = o.decision_no
                        and n.leg = o.leg and n.attempt > o.attempt
                )
        ),
        w
    from held
    left join trading.orders as w
        on
            w.book = book_ and w.symbol = symbol_ and w.strategy = strategy_
            and w.state not in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT')
    order by w.created_at, w.client_id;
end
$$;
