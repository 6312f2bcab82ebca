-- What a decision writes goes in as one document, in one journey: a list of [table's noun, row].

-- True when the order was moved: it was in the state and under the epoch in which its mover had read it.
create function trading.move_order(move jsonb) returns boolean language plpgsql as $$
begin
    update trading.orders
    set
        state = move ->> 'after',
        venue_order_id = coalesce(move ->> 'venue_order_id', venue_order_id),
        outcome_code = move ->> 'code',
        outcome_detail = move ->> 'detail',
        updated_at = (move ->> 'at')::timestamptz
    where client_id = move ->> 'client_id' and state = move ->> 'before' and epoch = (move ->> 'epoch')::bigint;
    if not found then
        return false;
    end if;
    insert into trading.order_events (client_id, from_state, to_state, at, detail)
    values (move ->> 'client_id', move ->> 'before', move ->> 'after', (move ->> 'at')::timestamptz, move -> 'about');
    return true;
end
$$;

-- A second live attempt of one key is refused by an index.
create function trading.add_order(added jsonb) returns void language plpgsql as $$
begin
    insert into trading.orders select o.* from jsonb_populate_record(null::trading.orders, added) as o;
    insert into trading.order_events (client_id, from_state, to_state, at, detail)
    select added ->> 'client_id', e.before, e.after, (added ->> 'created_at')::timestamptz, e.detail
    from (
        values
        (1, null, 'INTENT', jsonb_build_object('attempt', added -> 'attempt')),
        (2, 'INTENT', added ->> 'state', jsonb_build_object('epoch', added -> 'epoch'))
    ) as e (place, before, after, detail)
    where e.before is distinct from e.after
    order by e.place;
end
$$;

-- A journal that is known already adds nothing.
create function trading.add_journals(added jsonb) returns void language plpgsql as $$
begin
    with posted as (
        insert into trading.journals (journal_id, book, kind, ref, at)
        select h.id, added ->> 'book', h.kind, h.ref, h.at
        from jsonb_to_recordset(added -> 'heads') as h (id text, kind text, ref text, at timestamptz)
        on conflict (journal_id) do nothing
        returning journal_id
    )
    insert into trading.ledger_entries (journal_id, line, book, strategy, symbol, account, currency, amount)
    select l.id, l.line, added ->> 'book', added ->> 'strategy', added ->> 'symbol', l.account, l.currency, l.amount
    from posted
    inner join
        jsonb_to_recordset(added -> 'lines') as l (id text, line integer, account text, currency text, amount numeric)
        on posted.journal_id = l.id;
end
$$;

-- A partition is never read backwards.
create function trading.advance_offset(advance jsonb) returns void language plpgsql as $$
begin
    insert into trading.consumer_offsets as o (cluster_id, topic, partition, next_offset)
    values (
        advance ->> 'cluster_id',
        advance ->> 'topic',
        (advance ->> 'partition')::integer,
        (advance ->> 'next_offset')::bigint
    )
    on conflict (cluster_id, topic, partition) do update
    set next_offset = greatest(o.next_offset, excluded.next_offset), updated_at = clock_timestamp();
end
$$;

create function trading.raise_peak(peak jsonb) returns void language plpgsql as $$
begin
    insert into trading.equity_peaks as p (book, strategy, symbol, equity)
    values (peak ->> 'book', peak ->> 'strategy', peak ->> 'symbol', (peak ->> 'equity')::numeric)
    on conflict (book, strategy, symbol) do update set equity = excluded.equity where excluded.equity > p.equity;
end
$$;

create function trading.write(entries jsonb) returns void language plpgsql as $$
declare
    entry record;
begin
    for entry in select e ->> 0 as kind, e -> 1 as content from jsonb_array_elements(entries) as e loop
        case entry.kind
            when 'lease' then
                perform trading.require_lease(entry.content ->> 'book', (entry.content ->> 'epoch')::bigint);
            when 'signal' then
                insert into trading.inbox
                select s.* from jsonb_populate_record(null::trading.inbox, entry.content) as s;
            when 'offset' then
                perform trading.advance_offset(entry.content);
            when 'decision' then
                insert into trading.risk_decisions
                select d.* from jsonb_populate_record(null::trading.risk_decisions, entry.content) as d;
            when 'order' then
                perform trading.add_order(entry.content);
            when 'move' then
                perform trading.move_order(entry.content);
            when 'filled' then
                update trading.orders set filled = filled + (entry.content ->> 'quantity')::numeric
                where client_id = entry.content ->> 'client_id';
            when 'journals' then
                perform trading.add_journals(entry.content);
            when 'peak' then
                perform trading.raise_peak(entry.content);
            when 'trigger' then
                insert into trading.triggers (book, strategy, symbol, reason, at)
                select t.book, t.strategy, t.symbol, t.reason, t.at
                from jsonb_populate_record(null::trading.triggers, entry.content) as t;
            when 'decided' then
                delete from trading.triggers as t
                where
                    t.book = entry.content ->> 'book'
                    and t.strategy = entry.content ->> 'strategy'
                    and t.symbol = entry.content ->> 'symbol'
                    and t.trigger_id <= (entry.content ->> 'last_id')::bigint;
            when 'event' then
                insert into ops.audit_events (at, actor, kind, ref, payload)
                select a.at, a.actor, a.kind, a.ref, a.payload
                from jsonb_populate_record(null::ops.audit_events, entry.content) as a;
            else
                raise exception 'trading.write knows no %', entry.kind;
        end case;
    end loop;
end
$$;
