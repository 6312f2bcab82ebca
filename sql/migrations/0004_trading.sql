-- From signal to fill, written by the services. Every transition is a compare-and-set; money is NUMERIC.
create schema trading;

create table trading.limits (
    version integer generated always as identity primary key,
    parameters jsonb not null,
    author text not null,
    reason text not null,
    created_at timestamptz not null default clock_timestamp(),
    unique (parameters)
);

create table trading.strategies (
    version integer generated always as identity primary key,
    strategy text not null,
    parameters jsonb not null,
    author text not null,
    reason text not null,
    created_at timestamptz not null default clock_timestamp(),
    unique (strategy, parameters)
);

create table trading.outbox (
    signal_id text primary key,
    book text not null,
    topic text not null,
    key text not null,
    payload text not null,
    created_at timestamptz not null,
    valid_until timestamptz not null,
    cluster_id text,
    partition integer,
    offset_ bigint,
    published_at timestamptz
);
create index outbox_unpublished on trading.outbox (created_at) where published_at is null;

-- Wakes the publisher with the commit, so that it need not ask all the time.
create function trading.ring_outbox() returns trigger language plpgsql as $$
begin
    perform pg_notify('tradewind_outbox', new.book);
    return null;
end
$$;

create trigger ring after insert on trading.outbox for each row execute function trading.ring_outbox();

create table trading.inbox (
    signal_id text primary key,
    book text not null,
    body_hash text not null,
    body jsonb not null,
    status text not null check (status in ('ACCEPTED', 'EXPIRED', 'DENIED')),
    reason text not null,
    received_at timestamptz not null,
    cluster_id text not null,
    topic text not null,
    partition integer not null,
    offset_ bigint not null
);
create index inbox_in_force on trading.inbox (book, (body ->> 'strategy'), (body ->> 'symbol'), (body ->> 'decided_at'))
where status = 'ACCEPTED';

create table trading.consumer_offsets (
    cluster_id text not null,
    topic text not null,
    partition integer not null,
    next_offset bigint not null,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (cluster_id, topic, partition)
);

create table trading.leases (
    book text primary key,
    owner text not null,
    epoch bigint not null,
    renewed_at timestamptz not null default clock_timestamp()
);

create table trading.symbol_states (
    book text not null,
    symbol text not null,
    state text not null check (state in ('RECONCILING', 'OPEN', 'HALTED')),
    reason text not null,
    at timestamptz not null,
    primary key (book, symbol)
);

create table trading.halts (
    halt_id bigint generated always as identity primary key,
    book text not null,
    symbol text,
    reason text not null,
    actor text not null,
    at timestamptz not null,
    lifted_at timestamptz,
    lifted_by text
);

-- The highest equity of a sub-account that any decision has seen: the drawdown guard measures from it.
create table trading.equity_peaks (
    book text not null,
    strategy text not null,
    symbol text not null,
    equity numeric not null,
    primary key (book, strategy, symbol)
);

create table trading.risk_decisions (
    signal_id text not null references trading.inbox,
    decision_no integer not null,
    book text not null,
    strategy text not null,
    symbol text not null,
    trigger_ text not null,
    verdict text not null check (verdict in ('TRADE', 'HOLD', 'DENIED')),
    reason text not null,
    current_quantity numeric not null,
    target_quantity numeric not null,
    inputs jsonb not null,
    inputs_hash text not null,
    limits_version integer not null references trading.limits,
    decided_at timestamptz not null,
    primary key (signal_id, decision_no)
);

create table trading.orders (
    client_id text primary key,
    signal_id text not null,
    decision_no integer not null,
    leg text not null,
    attempt integer not null,
    book text not null,
    strategy text not null,
    venue text not null,
    symbol text not null,
    side text not null check (side in ('BUY', 'SELL')),
    type text not null,
    quantity numeric not null check (quantity > 0),
    reference_price numeric not null check (reference_price > 0),
    limit_price numeric,
    stop_price numeric,
    reduce_only boolean not null,
    state text not null,
    epoch bigint not null,
    created_at timestamptz not null,
    sent_at timestamptz,
    recv_window_ms integer,
    venue_order_id text,
    filled numeric not null default 0,
    outcome_code text,
    outcome_detail text,
    updated_at timestamptz not null,
    foreign key (signal_id, decision_no) references trading.risk_decisions,
    unique (signal_id, decision_no, leg, attempt)
);
-- At most one attempt of an order may ever be alive or done; a next one needs the proof that this one is not.
create unique index orders_one_attempt on trading.orders (signal_id, decision_no, leg)
where state not in ('ABSENT', 'REJECTED');
create unique index orders_venue_id on trading.orders (book, symbol, venue_order_id) where venue_order_id is not null;
create index orders_open on trading.orders (book, symbol)
where state not in ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'ABSENT');

create table trading.order_events (
    event_id bigint generated always as identity primary key,
    client_id text not null references trading.orders,
    from_state text,
    to_state text not null,
    at timestamptz not null,
    detail jsonb not null
);
create index order_events_of on trading.order_events (client_id, event_id);

-- Sub-accounts that must be decided about anew: written with what happened, removed with the decision.
create table trading.triggers (
    trigger_id bigint generated always as identity primary key,
    book text not null,
    strategy text not null,
    symbol text not null,
    reason text not null,
    at timestamptz not null
);

create table trading.fills (
    book text not null,
    venue text not null,
    symbol text not null,
    trade_id text not null,
    client_id text not null references trading.orders,
    venue_order_id text not null,
    side text not null,
    price numeric not null check (price > 0),
    quantity numeric not null check (quantity > 0),
    fee numeric not null,
    fee_currency text not null,
    ts timestamptz not null,
    recorded_at timestamptz not null,
    primary key (book, venue, symbol, trade_id)
);
create index fills_of_order on trading.fills (client_id);

-- Up to which trade all trades of a symbol are booked; fills that arrive with an order's answer do not move it.
create table trading.fill_watermarks (
    book text not null,
    symbol text not null,
    trade_id text not null,
    primary key (book, symbol)
);

create table trading.journals (
    journal_id text primary key,
    book text not null,
    kind text not null check (kind in ('DEPOSIT', 'RESERVE', 'RELEASE', 'FILL')),
    ref text not null,
    at timestamptz not null
);

create table trading.ledger_entries (
    journal_id text not null references trading.journals,
    line integer not null,
    book text not null,
    strategy text not null,
    symbol text not null,
    account text not null check (account in ('cash', 'reserved', 'position', 'fees', 'market', 'capital')),
    currency text not null,
    amount numeric not null,
    primary key (journal_id, line)
);
create index ledger_of_account on trading.ledger_entries (book, strategy, symbol);

-- Derived from ledger_entries by the trigger below; kept so that a decision reads one row, not the history.
create table trading.balances (
    book text not null,
    strategy text not null,
    symbol text not null,
    account text not null,
    currency text not null,
    amount numeric not null,
    primary key (book, strategy, symbol, account, currency)
);

create function trading.add_to_balance() returns trigger language plpgsql as $$
begin
    insert into trading.balances as b (book, strategy, symbol, account, currency, amount)
    values (new.book, new.strategy, new.symbol, new.account, new.currency, new.amount)
    on conflict (book, strategy, symbol, account, currency) do update set amount = b.amount + excluded.amount;
    return null;
end
$$;

create trigger add_to_balance after insert on trading.ledger_entries
for each row execute function trading.add_to_balance();

create function trading.require_zero_sum() returns trigger language plpgsql as $$
declare
    off record;
begin
    select currency, sum(amount) as total into off
    from trading.ledger_entries where journal_id = new.journal_id
    group by currency having sum(amount) <> 0 limit 1;
    if found then
        raise exception 'journal % does not balance: % %', new.journal_id, off.total, off.currency
            using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create constraint trigger zero_sum after insert on trading.ledger_entries
deferrable initially deferred for each row execute function trading.require_zero_sum();

create trigger append_only before update or delete or truncate on trading.ledger_entries
for each statement execute function ops.refuse_change();
create trigger append_only before update or delete or truncate on trading.journals
for each statement execute function ops.refuse_change();
create trigger append_only before update or delete or truncate on trading.fills
for each statement execute function ops.refuse_change();
create trigger append_only before update or delete or truncate on trading.order_events
for each statement execute function ops.refuse_change();
