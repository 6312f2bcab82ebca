-- How we stand with each venue: which endpoints are broken, how long it wants to be left alone, what was asked of it.
-- All processes share these rows, and all times are this server's, so no two of them need to agree on the hour.
create table ops.circuit_breakers (
    venue text not null,
    endpoint text not null,
    state text not null check (state in ('CLOSED', 'OPEN', 'HALF_OPEN')),
    failures integer not null,
    openings integer not null,
    -- OPEN: when one request may try. HALF_OPEN: when the one that tries counts as lost, and another may.
    free_at timestamptz,
    detail text not null,
    changed_at timestamptz not null default clock_timestamp(),
    primary key (venue, endpoint),
    check ((state = 'CLOSED') = (free_at is null))
);

create table ops.venue_pauses (
    venue text primary key,
    until timestamptz not null,
    status integer not null,
    asked_at timestamptz not null default clock_timestamp()
);

create table ops.venue_requests (
    venue text not null,
    at timestamptz not null default clock_timestamp(),
    units integer not null check (units > 0)
);
create index venue_requests_at on ops.venue_requests (venue, at);

-- One row per UTC day of a series that was read from the venue's history: so a second reading does not ask again for
-- bars that the venue has not got.
create table ops.backfilled_days (
    venue text not null,
    symbol text not null,
    timeframe text not null,
    day date not null,
    read_at timestamptz not null,
    bars integer not null,
    quarantined integer not null,
    primary key (venue, symbol, timeframe, day)
);

-- Whether a request may go to an endpoint now: 0 seconds, or how long it should wait and why. Of those that meet a
-- broken endpoint whose time has come exactly one is let through, to try.
create function ops.enter_endpoint(venue_ text, endpoint_ text, probe_seconds double precision)
returns table (seconds double precision, why text, failures integer) language plpgsql as $$
declare
    moment timestamptz := clock_timestamp();
    paused timestamptz;
    circuit ops.circuit_breakers;
begin
    select p.until into paused from ops.venue_pauses as p where p.venue = venue_ and p.until > moment;
    if found then
        return query select extract(epoch from paused - moment)::double precision, 'PAUSED', 0;
        return;
    end if;
    select * into circuit from ops.circuit_breakers as c where c.venue = venue_ and c.endpoint = endpoint_;
    if not found or circuit.state = 'CLOSED' then
        return query select 0::double precision, 'CLOSED', coalesce(circuit.failures, 0);
        return;
    end if;
    update ops.circuit_breakers as c
    set state = 'HALF_OPEN', free_at = moment + make_interval(secs => probe_seconds), changed_at = moment
    where c.venue = venue_ and c.endpoint = endpoint_ and c.free_at <= moment;
    if found then
        return query select 0::double precision, 'HALF_OPEN', circuit.failures;
        return;
    end if;
    return query
    select greatest(extract(epoch from c.free_at - moment), 0.05)::double precision, c.detail, c.failures
    from ops.circuit_breakers as c
    where c.venue = venue_ and c.endpoint = endpoint_ and c.state <> 'CLOSED';
    if not found then
        return query select 0::double precision, 'CLOSED', 0;
    end if;
end
$$;

-- The outcome of a request that was let in. `threshold` failures in a row open the circuit for `base` seconds, each
-- failed trial for twice as long as before, never longer than `most`. A success that was under way when it opened
-- proves nothing.
create function ops.leave_endpoint(
    venue_ text,
    endpoint_ text,
    worked boolean,
    detail_ text,
    threshold integer,
    base double precision,
    most double precision
) returns void language plpgsql as $$
declare
    moment timestamptz := clock_timestamp();
begin
    if worked then
        update ops.circuit_breakers as c
        set state = 'CLOSED', failures = 0, openings = 0, free_at = null, changed_at = moment
        where
            c.venue = venue_ and c.endpoint = endpoint_ and c.state <> 'OPEN'
            and (c.state = 'HALF_OPEN' or c.failures > 0);
        return;
    end if;
    insert into ops.circuit_breakers (venue, endpoint, state, failures, openings, detail)
    values (venue_, endpoint_, 'CLOSED', 0, 0, '')
    on conflict do nothing;
    update ops.circuit_breakers as c
    set failures = c.failures + 1, detail = detail_
    where c.venue = venue_ and c.endpoint = endpoint_;
    update ops.circuit_breakers as c
    set
        state = 'OPEN',
        openings = c.openings + 1,
        free_at = moment + make_interval(secs => least(base * 2 ^ least(c.openings, 30), most)),
        changed_at = moment
    where
        c.venue = venue_ and c.endpoint = endpoint_
        and (c.state = 'HALF_OPEN' or (c.state = 'CLOSED' and c.failures >= threshold));
end
$$;

-- A pause is never made shorter by one who was told less.
create function ops.pause_venue(venue_ text, status_ integer, seconds double precision) returns void language sql as $$
    insert into ops.venue_pauses as p (venue, until, status)
    values (venue_, clock_timestamp() + make_interval(secs => seconds), status_)
    on conflict (venue) do update
    set until = excluded.until, status = excluded.status, asked_at = excluded.asked_at
    where excluded.until > p.until;
$$;

-- Take `wanted` units when no more than `most` were taken within the last `span` seconds, these included.
create function ops.take_units(venue_ text, most integer, span double precision, wanted integer)
returns boolean language plpgsql as $$
declare
    used bigint;
begin
    perform pg_advisory_xact_lock(7466924, hashtext(venue_));
    -- Read after the lock was had: one who waited must not be younger than the one it waited for.
    delete from ops.venue_requests as r
    where r.venue = venue_ and r.at <= clock_timestamp() - make_interval(secs => span);
    select coalesce(sum(r.units), 0) into used from ops.venue_requests as r where r.venue = venue_;
    if used + wanted > most then
        return false;
    end if;
    insert into ops.venue_requests (venue, units) values (venue_, wanted);
    return true;
end
$$;

create view analytics.venue_circuits as
select
    c.venue,
    c.endpoint,
    c.state,
    c.failures,
    c.openings,
    c.free_at,
    c.detail,
    c.changed_at,
    p.until as paused_until
from ops.circuit_breakers as c
left join ops.venue_pauses as p on c.venue = p.venue and p.until > now();

comment on view analytics.venue_circuits is
'One row per endpoint of a venue that has ever failed: whether it is asked at present. Source: ops.circuit_breakers.';
comment on column analytics.venue_circuits.venue is 'The venue; with its address where that is a simulator.';
comment on column analytics.venue_circuits.endpoint is 'HTTP method and path.';
comment on column analytics.venue_circuits.state is
'CLOSED: asked as usual. OPEN: not asked before free_at. HALF_OPEN: one request tries.';
comment on column analytics.venue_circuits.failures is 'Failures since the last success.';
comment on column analytics.venue_circuits.openings is 'Times it has opened since it was last closed.';
comment on column analytics.venue_circuits.free_at is 'When the next request may try, UTC; null while CLOSED.';
comment on column analytics.venue_circuits.detail is 'What the last failure was.';
comment on column analytics.venue_circuits.changed_at is 'Since when it has been in this state, UTC.';
comment on column analytics.venue_circuits.paused_until is
'Until when the whole venue wants to be left alone (Retry-After), UTC; null when it does not.';
