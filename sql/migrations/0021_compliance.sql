-- Compliance: who and what was screened, what may not be traded, cases with their history, and the reports about them.
-- People act by the clock of the server; so do expiry and the gates that these rows close.

create table ops.screenings (
    screening_id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    actor text not null,
    -- The book whose counterparty it is; null for a question by the way, which closes nothing.
    book text,
    subject text not null check (length(subject) between 1 and 200),
    kind text not null check (kind in ('address', 'name')),
    checksum text not null check (checksum in ('right', 'wrong', 'none')),
    lists_version text not null check (lists_version ~ '^[0-9a-f]{64}$'),
    lists jsonb not null,
    threshold numeric not null check (threshold > 0 and threshold <= 100),
    hits jsonb not null,
    hit boolean not null,
    check (hit = (jsonb_array_length(hits) > 0))
);
create index screenings_of on ops.screenings (book, subject, screening_id);

create table ops.restrictions (
    restriction_id bigint generated always as identity primary key,
    -- An asset (BTC) or a symbol (BTC/USDT).
    subject text not null check (subject ~ '^[A-Z0-9._-]+(/[A-Z0-9._-]+(:[A-Z0-9._-]+)?)?$'),
    owner text not null,
    reason text not null check (length(reason) between 1 and 500),
    placed_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz,
    lifted_at timestamptz,
    lifted_by text,
    lifted_reason text,
    check (expires_at > placed_at),
    check ((lifted_at is null) = (lifted_by is null) and (lifted_at is null) = (lifted_reason is null))
);
create unique index restrictions_in_force on ops.restrictions (subject, owner) where lifted_at is null;

create table ops.compliance_cases (
    -- Hash of book, rule, subject and of what was found: the same finding is one case.
    case_id text primary key check (case_id ~ '^[0-9a-f]{16}$'),
    book text not null,
    rule text not null,
    subject text not null,
    summary text not null,
    evidence jsonb not null check (jsonb_array_length(evidence) > 0),
    first_ts timestamptz not null,
    last_ts timestamptz not null,
    -- While it is not closed, it keeps the whole book from new risk.
    blocking boolean not null,
    opened_at timestamptz not null default clock_timestamp(),
    check (last_ts >= first_ts)
);
create index compliance_cases_of on ops.compliance_cases (book, opened_at);

-- A case is in each state once; the last row says in which it is.
create table ops.compliance_case_events (
    event_id bigint generated always as identity,
    case_id text not null references ops.compliance_cases,
    state text not null check (state in ('OPEN', 'REVIEWED', 'CLOSED')),
    actor text not null,
    reason text not null,
    at timestamptz not null default clock_timestamp(),
    primary key (case_id, state)
);

create trigger append_only before update or delete or truncate on ops.screenings
for each statement execute function ops.refuse_change();
create trigger append_only before update or delete or truncate on ops.compliance_cases
for each statement execute function ops.refuse_change();
create trigger append_only before update or delete or truncate on ops.compliance_case_events
for each statement execute function ops.refuse_change();
create trigger append_only before delete or truncate on ops.restrictions
for each statement execute function ops.refuse_change();

-- What compliance holds against new risk now: one row for each symbol of a book and gate.
create function ops.compliance_blocks()
returns table (book text, venue text, symbol text, check_name text, detail text) stable language sql as $$
    with traded as (
        select b.book, b.configuration ->> 'venue' as venue, s.symbol
        from ops.books as b
        cross join lateral jsonb_array_elements_text(b.configuration -> 'symbols') as s (symbol)
        where b.configuration ->> 'venue' is not null
    )
    select
        t.book,
        t.venue,
        t.symbol,
        'restricted_list',
        string_agg(
            r.subject || ' by ' || r.owner || coalesce(' until ' || to_char(r.expires_at, 'YYYY-MM-DD HH24:MI'), '')
            || ': ' || r.reason,
            '; ' order by r.restriction_id
        )
    from traded as t
    inner join ops.restrictions as r
        on r.subject = t.symbol or r.subject = any(string_to_array(translate(t.symbol, ':', '/'), '/'))
    where r.lifted_at is null and (r.expires_at is null or r.expires_at > clock_timestamp())
    group by t.book, t.venue, t.symbol
    union all
    select t.book, t.venue, t.symbol, 'screening', string_agg('case ' || c.case_id, '; ' order by c.case_id)
    from traded as t
    inner join ops.compliance_cases as c on t.book = c.book
    where c.blocking and not exists (
        select 1 from ops.compliance_case_events as e
        where e.case_id = c.case_id and e.state = 'CLOSED'
    )
    group by t.book, t.venue, t.symbol
$$;

-- Makes the gates say what compliance holds now; repeating it changes nothing. What has expired is noticed here.
create function ops.enforce_compliance() returns void language plpgsql as $$
begin
    -- Two at once must not each overlook what the other has just written.
    perform pg_advisory_xact_lock(7466924);
    insert into ops.gates as g (book, venue, symbol, check_name, domain, closed, detail, at, run_id)
    select b.book, b.venue, b.symbol, b.check_name, 'compliance', true, b.detail, clock_timestamp(), 'compliance'
    from ops.compliance_blocks() as b
    on conflict (book, venue, symbol, check_name) do update
    set closed = true, detail = excluded.detail, at = excluded.at, run_id = excluded.run_id
    where not g.closed or g.detail <> excluded.detail;

    update ops.gates as g
    set closed = false, detail = 'lifted, closed or expired', at = clock_timestamp(), run_id = 'compliance'
    where g.domain = 'compliance' and g.closed and not exists (
        select 1 from ops.compliance_blocks() as b
        where (b.book, b.venue, b.symbol, b.check_name) = (g.book, g.venue, g.symbol, g.check_name)
    );
end
$$;

create function ops.follow_compliance() returns trigger language plpgsql as $$
begin
    perform ops.enforce_compliance();
    return null;
end
$$;
-- The gates follow in the very transaction; a book that is opened later finds them closed.
create trigger follow after insert or update on ops.restrictions
for each statement execute function ops.follow_compliance();
create trigger follow after insert on ops.compliance_cases
for each statement execute function ops.follow_compliance();
create trigger follow after insert on ops.compliance_case_events
for each statement execute function ops.follow_compliance();
create trigger follow_opened after insert on ops.books
for each statement execute function ops.follow_compliance();

revoke all on function ops.compliance_blocks() from public;
revoke all on function ops.enforce_compliance() from public;
revoke all on function ops.follow_compliance() from public;

create table reports.compliance_report (
    book text not null,
    day date not null,
    knowledge_ts timestamptz not null,
    document jsonb not null,
    document_hash text not null,
    path text not null,
    run_id text not null,
    code_version text not null,
    primary key (book, day, knowledge_ts)
);

create table reports.regulatory_report (
    book text not null,
    day date not null,
    knowledge_ts timestamptz not null,
    document jsonb not null,
    document_hash text not null,
    path text not null,
    run_id text not null,
    code_version text not null,
    primary key (book, day, knowledge_ts)
);

create view analytics.compliance_cases as
select
    c.case_id,
    c.book,
    c.rule,
    c.subject,
    c.summary,
    c.evidence,
    c.first_ts,
    c.last_ts,
    c.blocking,
    e.state,
    c.opened_at,
    e.actor as changed_by,
    e.reason as changed_why,
    e.at as changed_at
from ops.compliance_cases as c
inner join lateral (
    select
        v.state,
        v.actor,
        v.reason,
        v.at
    from ops.compliance_case_events as v
    where v.case_id = c.case_id
    order by v.event_id desc
    limit 1
) as e on true;

create view analytics.screenings as
select
    s.screening_id,
    s.at,
    s.actor,
    s.book,
    s.subject,
    s.kind,
    s.checksum,
    s.hit,
    s.hits,
    s.threshold,
    s.lists_version
from ops.screenings as s;

create view analytics.restrictions as
select
    r.restriction_id,
    r.subject,
    r.owner,
    r.reason,
    r.placed_at,
    r.expires_at,
    r.lifted_at,
    r.lifted_by,
    r.lifted_reason,
    r.lifted_at is null and (r.expires_at is null or r.expires_at > clock_timestamp()) as in_force
from ops.restrictions as r;

comment on view analytics.compliance_cases is
'One row per compliance case as it stands. Source: ops.compliance_cases, ops.compliance_case_events.';
comment on column analytics.compliance_cases.case_id is
'Hash of book, rule, subject and finding: who finds it again has found the same.';
comment on column analytics.compliance_cases.book is 'The book.';
comment on column analytics.compliance_cases.rule is 'Rule of surveillance, or screening.';
comment on column analytics.compliance_cases.subject is 'Symbol, or the counterparty that was screened.';
comment on column analytics.compliance_cases.summary is 'What was found.';
comment on column analytics.compliance_cases.evidence is
'JSON array of what proves it: client ids of orders, trade:id, screening:id, references of journals.';
comment on column analytics.compliance_cases.first_ts is
'When it began: market time for orders and fills, the clock of the server for screenings, UTC.';
comment on column analytics.compliance_cases.last_ts is 'When what it is about ended, UTC, as first_ts.';
comment on column analytics.compliance_cases.blocking is
'True when the book takes no new risk before the case is closed.';
comment on column analytics.compliance_cases.state is 'OPEN, REVIEWED or CLOSED.';
comment on column analytics.compliance_cases.opened_at is 'When it was opened, by the clock of the server, UTC.';
comment on column analytics.compliance_cases.changed_by is 'Who brought it into this state.';
comment on column analytics.compliance_cases.changed_why is 'Why, in their words.';
comment on column analytics.compliance_cases.changed_at is 'Since when, by the clock of the server, UTC.';

comment on view analytics.screenings is
'One row per screening of an address or a name against the local lists. Source: ops.screenings.';
comment on column analytics.screenings.screening_id is 'Number of the screening.';
comment on column analytics.screenings.at is 'When, by the clock of the server, UTC.';
comment on column analytics.screenings.actor is 'Who asked: a person, or the report that screens again.';
comment on column analytics.screenings.book is 'The book whose counterparty it is; null for a question by the way.';
comment on column analytics.screenings.subject is 'The address or name.';
comment on column analytics.screenings.kind is 'address or name.';
comment on column analytics.screenings.checksum is 'right, wrong, or none where there is none to check.';
comment on column analytics.screenings.hit is 'True when it is on a list, or a name on a list is like it.';
comment on column analytics.screenings.hits is
'JSON array of the entries: file, line, what is listed, likeness in percent.';
comment on column analytics.screenings.threshold is 'Likeness of names from which on it is a hit, 0 to 100.';
comment on column analytics.screenings.lists_version is 'SHA-256 over the files of the lists.';

comment on view analytics.restrictions is
'One row per restriction of an asset or a symbol: no new risk while it is in force. Source: ops.restrictions.';
comment on column analytics.restrictions.restriction_id is 'Number of the restriction.';
comment on column analytics.restrictions.subject is 'Asset (BTC: every symbol with it) or symbol (BTC/USDT).';
comment on column analytics.restrictions.owner is 'Who placed it and answers for it.';
comment on column analytics.restrictions.reason is 'Why.';
comment on column analytics.restrictions.placed_at is 'When, by the clock of the server, UTC.';
comment on column analytics.restrictions.expires_at is 'Until when, UTC; null: until it is lifted.';
comment on column analytics.restrictions.lifted_at is 'When it was lifted before its time, UTC; null when it was not.';
comment on column analytics.restrictions.lifted_by is 'Who lifted it; null when nobody did.';
comment on column analytics.restrictions.lifted_reason is 'Why it was lifted; null when it was not.';
comment on column analytics.restrictions.in_force is 'Whether it holds now.';

call ops.admit_analyst();
