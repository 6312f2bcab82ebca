-- The trade journal, with the notes of people, and where the profit came from.

-- What a person has to say about an order. Nobody takes back what was said: a further note corrects it.
create table ops.trade_notes (
    note_id bigint generated always as identity primary key,
    client_id text not null references trading.orders,
    at timestamptz not null,
    author text not null,
    note text not null check (length(note) between 1 and 2000)
);
create index trade_notes_of on ops.trade_notes (client_id, note_id);
create trigger append_only before update or delete or truncate on ops.trade_notes
for each statement execute function ops.refuse_change();

create table reports.attribution (like reports.daily_performance including constraints including indexes);
create table reports.trade_journal (like reports.daily_performance including constraints including indexes);

create view analytics.trade_notes as
select
    o.book,
    n.client_id,
    n.note_id,
    n.at,
    n.author,
    n.note
from ops.trade_notes as n
inner join trading.orders as o on n.client_id = o.client_id;

comment on view analytics.trade_notes is 'One row per note of a person on an order. Source: ops.trade_notes.';
comment on column analytics.trade_notes.book is 'The book of the order.';
comment on column analytics.trade_notes.client_id is 'Client id of the order.';
comment on column analytics.trade_notes.note_id is 'Number of the note; a later one has a higher number.';
comment on column analytics.trade_notes.at is 'When it was written, by the clock of who wrote it, UTC.';
comment on column analytics.trade_notes.author is 'Who wrote it.';
comment on column analytics.trade_notes.note is 'What was written.';
