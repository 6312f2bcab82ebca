-- What happened to the platform itself: gates, checks, quarantine, audit chain, runs.
create schema ops;

create table ops.books (
    book text primary key,
    configuration jsonb not null,
    status text not null check (status in ('RUNNING', 'DONE', 'FAILED')),
    next_step integer not null default 0,
    steps integer not null,
    -- json, not jsonb: it is printed again in the order in which it was told.
    result json,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp()
);

create table ops.gates (
    book text not null,
    venue text not null,
    symbol text not null,
    check_name text not null,
    domain text not null,
    closed boolean not null,
    detail text not null,
    at timestamptz not null,
    run_id text not null,
    primary key (book, venue, symbol, check_name)
);

create table ops.quality_results (
    result_id bigint generated always as identity primary key,
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    check_name text not null,
    passed boolean not null,
    blocking boolean not null,
    affected bigint not null,
    first_ts timestamptz,
    last_ts timestamptz,
    detail text not null,
    at timestamptz not null,
    run_id text not null,
    unique (book, venue, symbol, timeframe, check_name, at)
);

create table ops.quarantined_candles (
    venue text not null,
    symbol text not null,
    timeframe text not null,
    row_hash text not null,
    reason text not null,
    source text not null,
    content jsonb not null,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (venue, symbol, timeframe, row_hash, reason)
);

create table ops.heartbeats (
    service text not null,
    book text not null,
    pid integer not null,
    at timestamptz not null default clock_timestamp(),
    detail jsonb not null default '{}',
    primary key (service, book)
);

create table ops.dead_letters (
    letter_id bigint generated always as identity primary key,
    cluster_id text not null,
    topic text not null,
    partition integer not null,
    offset_ bigint not null,
    reason text not null,
    body bytea not null,
    recorded_at timestamptz not null default clock_timestamp(),
    unique (cluster_id, topic, partition, offset_)
);

create table ops.audit_events (
    seq bigint primary key,
    at timestamptz not null,
    actor text not null,
    kind text not null,
    ref text not null,
    payload jsonb not null,
    previous_hash text not null,
    hash text not null unique
);

-- One chain: the lock orders the writers, so every row knows the row before it.
create function ops.chain_audit_event() returns trigger language plpgsql as $$
declare
    last record;
begin
    perform pg_advisory_xact_lock(7466923);
    select seq, hash into last from ops.audit_events order by seq desc limit 1;
    new.seq := coalesce(last.seq, 0) + 1;
    new.previous_hash := coalesce(last.hash, repeat('0', 64));
    new.hash := encode(sha256(convert_to(
        concat_ws('|', new.seq, new.previous_hash, extract(epoch from new.at), new.actor, new.kind, new.ref, new.payload),
        'UTF8')), 'hex');
    return new;
end
$$;

create trigger chain before insert on ops.audit_events for each row execute function ops.chain_audit_event();

create function ops.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '%.% is append-only: % refused', tg_table_schema, tg_table_name, lower(tg_op)
        using errcode = 'restrict_violation';
end
$$;

create trigger append_only before update or delete or truncate on ops.audit_events
for each statement execute function ops.refuse_change();
