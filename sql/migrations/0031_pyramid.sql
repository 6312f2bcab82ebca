-- Of how many entries a position may be built, and how far apart, are limits like the others.
create index orders_entries on trading.orders (book, strategy, symbol, created_at) where leg = 'entry' and filled > 0;

drop function trading.situation(text, text, text, text, text);

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
    taken_at timestamptz,
    legs integer,
    leg_price numeric,
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
    ),

    stops as (
        select max(f.ts) as filled_at
        from trading.orders as o
        inner join trading.fills as f on o.client_id = f.client_id
        where o.book = book_ and o.strategy = strategy_ and o.symbol = symbol_ and o.leg = 'stop'
    ),

    -- A position begins anew where nothing was to be held any more.
    entries as (
        select
            count(*)::integer as number,
            (array_agg(n.reference_price order by n.created_at desc, n.client_id desc))[1] as newest
        from (
            select e.reference_price, e.created_at, e.client_id
            from trading.orders as e
            where
                e.book = book_ and e.strategy = strategy_ and e.symbol = symbol_ and e.leg = 'entry' and e.filled > 0
                and e.created_at > coalesce(greatest(
                    (select s.filled_at from stops as s),
                    (
                        select max(d.decided_at)
                        from trading.risk_decisions as d
                        where
                            d.book = book_ and d.strategy = strategy_ and d.symbol = symbol_
                            and d.target_quantity = 0
                    )
                ), '-infinity')
            order by e.created_at desc, e.client_id desc
            -- No limit counts further.
            limit 1000
        ) as n
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
        stops.filled_at,
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
        -- What an ask has sold is not bought back under the same signal; what was sold before it says nothing.
        (
            select max(f.ts)
            from trading.fills as f
            inner join trading.orders as o on f.client_id = o.client_id
            where
                f.book = book_ and f.symbol = symbol_ and f.ts >= (force.body ->> 'decided_at')::timestamptz
                and o.strategy = strategy_ and o.leg like 'ask%'
        ),
        entries.number,
        entries.newest,
        w
    from held
    cross join stops
    cross join entries
    left join trading.orders as w
        on
            w.book = book_ and w.symbol = symbol_ and w.strategy = strategy_
            and w.state not in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT')
    order by w.created_at, w.client_id;
end
$$;

revoke all on function trading.situation(text, text, text, text, text) from public;

create or replace view analytics.limit_changes as
select
    c.change_id,
    c.version,
    c.base,
    c.owner,
    c.reason,
    c.looser,
    c.proposed_at,
    c.valid_until,
    a.actor as approved_by,
    a.at as approved_at,
    case
        when r.change_id is not null then 'rejected'
        when e.change_id is not null then 'ended'
        when c.valid_until <= clock_timestamp() then 'expired'
        when c.change_id = holding.change_id then 'in force'
        when c.looser = '{}' or a.change_id is not null then 'beneath'
        when c.base = holding.version then 'waiting'
        else 'void'
    end as state,
    (l.parameters ->> 'target_volatility')::numeric as target_volatility,
    (l.parameters ->> 'max_position')::numeric as max_position,
    (l.parameters ->> 'max_order_value')::numeric as max_order_value,
    (l.parameters ->> 'max_drawdown')::numeric as max_drawdown,
    (l.parameters ->> 'price_collar')::numeric as price_collar,
    (l.parameters ->> 'min_rebalance')::numeric as min_rebalance,
    (l.parameters ->> 'cash_buffer')::numeric as cash_buffer,
    (
        select string_agg(w.window_, '; ' order by w.place)
        from jsonb_array_elements_text(coalesce(l.parameters -> 'closed', '[]')) with ordinality as w (window_, place)
    ) as closed,
    coalesce((l.parameters ->> 'max_loss')::numeric, 1) as max_loss,
    (l.parameters ->> 'max_legs')::integer as max_legs,
    coalesce((l.parameters ->> 'leg_spacing')::numeric, 0) as leg_spacing
from trading.limit_changes as c
inner join trading.limits as l on c.version = l.version
left join trading.limit_verdicts as a on c.change_id = a.change_id and a.verdict = 'APPROVED'
left join trading.limit_verdicts as r on c.change_id = r.change_id and r.verdict = 'REJECTED'
left join trading.limit_verdicts as e on c.change_id = e.change_id and e.verdict = 'ENDED'
left join trading.limits_in_force as holding on true;

comment on column analytics.limit_changes.max_legs is
'How many entries a position may have until it is flat again; null for as many as come.';
comment on column analytics.limit_changes.leg_spacing is
'Least move of the market between two entries of a position, 0 to 1: a share of the price at the earlier one.';
