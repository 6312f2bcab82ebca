-- What people do about trading: halts enforced and lifted with a reason, dead letters relayed and replayed.
alter table trading.halts add column enforced_at timestamptz;
alter table trading.halts add column lifted_reason text;
update trading.halts as h set enforced_at = e.at
from (
    select
        ref,
        max(at) as at
    from ops.audit_events
    where kind = 'halt_enforced'
    group by ref
) as e
where e.ref = h.halt_id::text;
create index halts_in_force on trading.halts (book) where lifted_at is null;

alter table ops.dead_letters add column key bytea;
alter table ops.dead_letters add column published_at timestamptz;
create index dead_letters_unpublished on ops.dead_letters (letter_id) where published_at is null;

-- One row per time that a letter was sent to its topic again: who, when, and where it lies now.
create table ops.dead_letter_replays (
    replay_id bigint generated always as identity primary key,
    letter_id bigint not null references ops.dead_letters,
    replayed_by text not null,
    replayed_at timestamptz not null default clock_timestamp(),
    cluster_id text not null,
    topic text not null,
    partition integer not null,
    offset_ bigint not null
);
create index dead_letter_replays_of on ops.dead_letter_replays (letter_id);
create index dead_letter_replays_at on ops.dead_letter_replays (cluster_id, topic, partition, offset_);

create trigger append_only before update or delete or truncate on ops.dead_letter_replays
for each statement execute function ops.refuse_change();

-- The hash of an event is taken over its fields joined by a bar: without one in them, no two events have the same text.
alter table ops.audit_events add constraint audit_events_plain_names
check (strpos(actor, '|') = 0 and strpos(kind, '|') = 0);
