-- Limits are changed by people: who wants what and why, who else agreed, and until when it holds. The rows of
-- trading.limits are only what the numbers are; which of them hold is said here, and never changed afterwards.
create table trading.limit_changes (
    change_id integer generated always as identity primary key,
    version integer not null references trading.limits,
    base integer references trading.limits,
    owner text not null check (owner <> ''),
    reason text not null check (reason <> ''),
    looser text[] not null,
    proposed_at timestamptz not null default clock_timestamp(),
    valid_until timestamptz check (valid_until > proposed_at)
);

create table trading.limit_verdicts (
    change_id integer not null references trading.limit_changes,
    verdict text not null check (verdict in ('APPROVED', 'REJECTED', 'ENDED')),
    actor text not null check (actor <> ''),
    reason text not null check (reason <> ''),
    at timestamptz not null default clock_timestamp(),
    primary key (change_id, verdict)
);

create trigger append_only before update or delete or truncate on trading.limit_changes
for each statement execute function ops.refuse_change();
create trigger append_only before update or delete or truncate on trading.limit_verdicts
for each statement execute function ops.refuse_change();

-- Nobody agrees with himself, whatever program writes the row.
create function trading.require_second_person() returns trigger language plpgsql as $$
begin
    if new.verdict = 'APPROVED' and exists (
        select 1 from trading.limit_changes as c
        where c.change_id = new.change_id and lower(btrim(c.owner)) = lower(btrim(new.actor))
    ) then
        raise exception 'change % is of % himself: a second person has to approve it', new.change_id, new.actor;
    end if;
    return new;
end
$$;
create trigger second_person before insert on trading.limit_verdicts
for each row execute function trading.require_second_person();

-- A change holds from its proposal when it loosens nothing, else from its approval, until it is ended or over. This is
-- the one that holds now, by the clock of the server; no row when none does.
create view trading.limits_in_force as
select
    c.change_id,
    c.version
from trading.limit_changes as c
where
    (c.valid_until is null or c.valid_until > clock_timestamp())
    and not exists (
        select 1 from trading.limit_verdicts as v
        where v.change_id = c.change_id and v.verdict in ('REJECTED', 'ENDED')
    )
    and (
        c.looser = '{}'
        or exists (
            select 1 from trading.limit_verdicts as v
            where v.change_id = c.change_id and v.verdict = 'APPROVED'
        )
    )
order by c.change_id desc
limit 1;

insert into trading.limit_changes (version, owner, reason, looser)
select
    l.version,
    l.author,
    l.reason,
    '{}' as looser
from trading.limits as l
order by l.version desc
limit 1;

revoke all on function trading.require_second_person() from public;

create view analytics.limit_changes as
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
    (l.parameters ->> 'cash_buffer')::numeric as cash_buffer
from trading.limit_changes as c
inner join trading.limits as l on c.version = l.version
left join trading.limit_verdicts as a on c.change_id = a.change_id and a.verdict = 'APPROVED'
left join trading.limit_verdicts as r on c.change_id = r.change_id and r.verdict = 'REJECTED'
left join trading.limit_verdicts as e on c.change_id = e.change_id and e.verdict = 'ENDED'
left join trading.limits_in_force as holding on true;

comment on view analytics.limit_changes is
'Changes of the risk limits: one row per change, of all books. Source: trading.limit_changes, trading.limit_verdicts.';
comment on column analytics.limit_changes.change_id is 'Number of the change, growing.';
comment on column analytics.limit_changes.version is
'The limits that it puts in force; decisions name them as limits_version. Source: trading.limits.';
comment on column analytics.limit_changes.base is 'The limits that held when it was proposed; null for the first.';
comment on column analytics.limit_changes.owner is 'Who proposed it.';
comment on column analytics.limit_changes.reason is 'Why, in his words.';
comment on column analytics.limit_changes.looser is
'Names of the limits that allow more than base did; where there are any, a second person has to approve.';
comment on column analytics.limit_changes.proposed_at is 'When it was proposed, UTC, clock of the server.';
comment on column analytics.limit_changes.valid_until is 'When it ends by itself, UTC; null for never.';
comment on column analytics.limit_changes.approved_by is 'Who agreed; null when nobody did or had to.';
comment on column analytics.limit_changes.approved_at is 'When, UTC, clock of the server.';
comment on column analytics.limit_changes.state is
'in force; beneath (a newer one holds in its place); waiting (for a second person); rejected; ended; expired; void (it'
' rested on limits that hold no more, and is to be proposed anew).';
comment on column analytics.limit_changes.target_volatility is 'Wanted standard deviation a day, share of the price.';
comment on column analytics.limit_changes.max_position is 'Largest position, share of the equity.';
comment on column analytics.limit_changes.max_order_value is 'Largest order, quote currency.';
comment on column analytics.limit_changes.max_drawdown is 'Loss from the peak that stops new risk, share of the peak.';
comment on column analytics.limit_changes.price_collar is
'Largest distance of the market from the signal, share of the price.';
comment on column analytics.limit_changes.min_rebalance is
'Smallest change worth an order, share of the equity.';
comment on column analytics.limit_changes.cash_buffer is
'Cash kept for fees and slippage of a buy, share of its value.';
